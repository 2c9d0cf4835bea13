/** SPDX ids of licences under which a copy may go along with Fastband's: nothing is asked but that their text goes too. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);

/**
 * Whether a package under this licence may be shipped. What cannot be read may not: free text, an id that is not on the
 * list, an exception (`WITH`).
 *
 * @param expression - SPDX 3.0, annex B: ids with `AND`, `OR` and parentheses; `AND` binds tighter
 */
export function mayShip(expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let whole = true;
  const one = (): boolean => {
    const token = tokens.shift();
    // An expression that ends too early is none, whatever its other half would allow.
    if (token === undefined) whole = false;
    if (token !== '(') return token !== undefined && ALLOWED.has(token);
    const inside = any();
    if (tokens.shift() !== ')') whole = false;
    return inside;
  };
  const all = (): boolean => {
    let may = one();
    while (tokens[0] === 'AND') {
      tokens.shift();
      may = one() && may;
    }
    return may;
  };
  const any = (): boolean => {
    let may = all();
    while (tokens[0] === 'OR') {
      tokens.shift();
      may = all() || may;
    }
    return may;
  };
  const may = any();
  return may && whole && tokens.length === 0;
}
