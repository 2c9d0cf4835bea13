/** "1 client", "3 clients": the form that a language has for a number, and the number as it writes it. */
export function counter(locale: string): (n: number, one: string, many: string) => string {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  return (n, one, many) => `${numbers.format(n)} ${rules.select(n) === 'one' ? one : many}`;
}
