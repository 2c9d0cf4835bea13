import { useSyncExternalStore } from 'react';
import { en, type Messages } from '../messages/en.ts';

/** Languages that the panel speaks. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

interface Spoken {
  readonly language: Language;
  readonly messages: Messages;
}

let spoken: Spoken = { language: 'en', messages: en };
const listeners = new Set<() => void>();

/** The texts in the language of now, for code that is no component. */
export function messages(): Messages {
  return spoken.messages;
}

export function useMessages(): Messages {
  return useLanguage().messages;
}

export function useLanguage(): Spoken {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => spoken,
  );
}

/** Speaks a language from now on; the others' texts are loaded when they are first asked for. */
export async function speak(wanted: Language | 'system'): Promise<void> {
  const language = wanted === 'system' ? systemLanguage(navigator.languages) : wanted;
  if (language === spoken.language) return;
  spoken = { language, messages: language === 'de' ? (await import('../messages/de.ts')).de : en };
  document.documentElement.lang = language;
  for (const changed of listeners) changed();
}

/** The first language of the person's own list that the panel speaks, else English. */
export function systemLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0];
    if (language !== undefined && Object.hasOwn(LANGUAGES, language)) return language as Language;
  }
  return 'en';
}
