import { createRouter, createWebHistory } from 'vue-router';
import type { RouteRecordRaw } from 'vue-router';
import OverviewPage from './pages/OverviewPage.vue';

declare module 'vue-router' {
  interface RouteMeta {
    title?: string; // key of its name
    open?: boolean; // needs nobody to be signed in
    nav?: string;
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'overview', component: OverviewPage, meta: { title: 'nav.overview', nav: 'overview' } },
  { path: '/sign-in', name: 'sign-in', component: () => import('./pages/SignInPage.vue'), meta: { title: 'sign_in.title', open: true } },
  { path: '/password', name: 'password', component: () => import('./pages/PasswordPage.vue'), meta: { title: 'password.title' } },
  { path: '/tasks', name: 'tasks', component: () => import('./pages/TasksPage.vue'), meta: { title: 'nav.tasks', nav: 'tasks' } },
  { path: '/timeline', name: 'timeline', component: () => import('./pages/TimelinePage.vue'), meta: { title: 'nav.timeline', nav: 'timeline' } },
  { path: '/runs', name: 'runs', component: () => import('./pages/RunsPage.vue'), meta: { title: 'nav.runs', nav: 'runs' } },
  { path: '/runs/:run', name: 'run', component: () => import('./pages/RunPage.vue'), props: (to) => ({ runId: to.params.run }), meta: { title: 'run.title', nav: 'runs' } },
  { path: '/nodes', name: 'nodes', component: () => import('./pages/NodesPage.vue'), meta: { title: 'nav.nodes', nav: 'nodes' } },
  { path: '/projects', name: 'projects', component: () => import('./pages/ProjectsPage.vue'), meta: { title: 'nav.projects', nav: 'projects' } },
  { path: '/projects/:project(\\d+)', name: 'project', component: () => import('./pages/ProjectPage.vue'), props: (to) => ({ projectId: to.params.project }), meta: { title: 'project.title', nav: 'projects' } },
  { path: '/projects/:project(\\d+)/tasks/:task', name: 'task', component: () => import('./pages/TaskPage.vue'), props: (to) => ({ projectId: to.params.project, taskId: to.params.task }), meta: { title: 'task.title', nav: 'tasks' } },
  { path: '/projects/:project(\\d+)/tasks/:task/edit', name: 'edit', component: () => import('./pages/EditPage.vue'), props: (to) => ({ projectId: to.params.project, taskId: to.params.task }), meta: { title: 'edit.title', nav: 'tasks' } },
  { path: '/new', name: 'new', component: () => import('./pages/EditPage.vue'), meta: { title: 'edit.new', nav: 'tasks' } },
  { path: '/import', name: 'import', component: () => import('./pages/ImportPage.vue'), meta: { title: 'nav.import', nav: 'import' } },
  { path: '/users', name: 'users', component: () => import('./pages/UsersPage.vue'), meta: { title: 'nav.users', nav: 'users' } },
  { path: '/settings', name: 'settings', component: () => import('./pages/SettingsPage.vue'), meta: { title: 'nav.settings', nav: 'settings' } },
  { path: '/account', name: 'account', component: () => import('./pages/AccountPage.vue'), meta: { title: 'nav.account', nav: 'account' } },
  { path: '/:rest(.*)*', name: 'nowhere', component: () => import('./pages/NowherePage.vue'), meta: { title: 'nowhere.title' } },
];

export const router = createRouter({
  history: createWebHistory('/admin/'),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});
