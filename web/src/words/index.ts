// The two languages. Names, commands and people's notes are never translated.
import { watch } from 'vue';
import { createI18n } from 'vue-i18n';
import { preferences } from '../state/preferences';
import en from './en';
import zh from './zh';

export const i18n = createI18n({
  legacy: false,
  locale: preferences.language,
  fallbackLocale: 'en',
  messages: { en, zh },
  warnHtmlMessage: false,
});

watch(() => preferences.language, (language) => {
  i18n.global.locale.value = language;
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}, { immediate: true });
