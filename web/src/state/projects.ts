// The projects that the person may see; few, so that they are kept whole.
import { computed, shallowRef } from 'vue';
import { get } from '../api/client';
import type { Page, Project } from '../api/types';

export const projects = shallowRef<Project[] | null>(null); // null: not read yet
const byId = computed(() => new Map((projects.value ?? []).map((p) => [p.project_id, p])));

export async function readProjects(): Promise<Project[]> {
  projects.value = (await get<Page<Project>>('/projects')).items;
  return projects.value;
}

export function projectTitle(id: number): string {
  return byId.value.get(id)?.title ?? `#${id}`;
}
