/** Hosts as a person writes them: separated by commas or spaces. */
export function hostsOf(text: string): string[] {
  return [
    ...new Set(
      text
        .toLowerCase()
        .split(/[\s,;]+/)
        .filter((host) => host !== ''),
    ),
  ];
}
