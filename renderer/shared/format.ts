import { useMemo } from 'react';
import { type Language, messages, useLanguage } from './language.ts';

/** Numbers, times and sizes as the language of now writes them. Durations are in milliseconds, sizes in bytes. */
export type Format = ReturnType<typeof formatFor>;

export function useFormat(): Format {
  const { language } = useLanguage();
  return useMemo(() => formatFor(regional(language)), [language]);
}

/** The person's own region where it goes with the language: `de-AT`, not only `de`. */
function regional(language: Language): string {
  return navigator.languages.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;
}

/** @param locale - a BCP 47 tag */
export function formatFor(locale: string) {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const one = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  const far = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  const ago = new Intl.RelativeTimeFormat(locale, { style: 'narrow', numeric: 'auto' });
  const list = new Intl.ListFormat(locale, { type: 'conjunction' });
  const sized = (value: number, unit: string) => `${one.format(value)} ${unit}`;
  return {
    number: (value: number) => whole.format(value),
    decimal: (value: number) => one.format(value),
    percent: (value: number) => `${one.format(value * 100)} %`,
    list: (parts: readonly string[]) => list.format(parts),
    exactTime: (at: number) => exact.format(at),
    clock: (at: number) => clock.format(at),
    day: (at: number) => far.format(at),
    /** "now", "4 min ago", "14:02", "3 Nov". */
    relative(at: number, now: number): string {
      const seconds = Math.max(0, Math.round((now - at) / 1000));
      if (seconds < 10) return messages().time.now;
      if (seconds < 60) return ago.format(-seconds, 'second');
      if (seconds < 3600) return ago.format(-Math.floor(seconds / 60), 'minute');
      const [then, today] = [new Date(at), new Date(now)];
      if (then.toDateString() === today.toDateString()) return clock.format(at);
      return then.getFullYear() === today.getFullYear() ? day.format(at) : far.format(at);
    },
    /** "12 ms", "3.2 s", "2 min". */
    duration(ms: number): string {
      if (ms < 1000) return `${whole.format(ms)} ms`;
      if (ms < 60_000) return `${one.format(ms / 1000)} s`;
      return `${whole.format(ms / 60_000)} min`;
    },
    bytes(bytes: number): string {
      if (bytes < 1000) return `${whole.format(bytes)} B`;
      if (bytes < 1e6) return sized(bytes / 1e3, 'kB');
      if (bytes < 1e9) return sized(bytes / 1e6, 'MB');
      return sized(bytes / 1e9, 'GB');
    },
  };
}

/** "4:32", "1:04:00". Never below zero. */
export function countdown(ms: number): string {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60];
  const tail = String(seconds).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}
