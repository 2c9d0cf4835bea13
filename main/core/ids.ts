/** A short unguessable id: a letter that says of what, then 96 random bits as base64url. */
export function newId(prefix: string, random: (bytes: number) => Uint8Array): string {
  return `${prefix}_${Buffer.from(random(12)).toString('base64url')}`;
}
