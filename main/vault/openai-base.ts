/** An address of OpenAI's API without its last `/v1`: people write it with and without, as other programs want it. */
export function openaiBase(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/v1$/, '');
}
