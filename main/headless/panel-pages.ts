/** Pages that need no script and no build. They hold fixed text only: nothing of a request ever gets into one. */

/** How to get a new link when the host knows no better way. */
export const DEFAULT_LINK_HINT = 'Stop Fastband in its terminal and start it again: it prints a new link.';

export const PLAIN_CSS = `:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 34rem; margin: 15vh auto 0; padding: 0 1.5rem; color: light-dark(oklch(0.25 0.01 200), oklch(0.92 0.005 200)); background: light-dark(oklch(0.99 0.002 200), oklch(0.19 0.008 220)); }
h1 { font-size: 1.25rem; line-height: 1.3; font-weight: 600; }
a { color: light-dark(oklch(0.48 0.09 190), oklch(0.8 0.1 190)); }
`;

export function signedOutPage(linkHint: string): string {
  return page('Open Fastband by its link', [
    'This browser is not logged in. Open the link that Fastband printed in the terminal when it started. It works once, for ten minutes.',
    escapeHtml(linkHint),
    'Have you just opened it? <a href="/">Continue to Fastband</a>.',
  ]);
}

export function badLinkPage(linkHint: string): string {
  return page('This link does not work any more', [
    'A link logs in one browser, once, within ten minutes. This one has been used, is too old, or is not complete.',
    escapeHtml(linkHint),
  ]);
}

export function lockedPage(seconds: number): string {
  return page('Too many wrong links', [`Wait ${seconds} s, then open the link again.`]);
}

export function notBuiltPage(): string {
  return page('The panel has not been built', [
    'Fastband runs, but the files of its panel are not there. In its folder, run <code>npm run build</code>, then start it again.',
  ]);
}

function page(title: string, paragraphs: readonly string[]): string {
  const body = paragraphs.map((text) => `<p>${text}</p>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Fastband</title>
<link rel="stylesheet" href="/plain.css">
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
