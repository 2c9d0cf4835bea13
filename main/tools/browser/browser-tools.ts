import type { ToolFamily, ToolServices } from '../services.ts';
import { compareScreenshots } from './compare-screenshots.ts';
import { pageConsole } from './page-console.ts';
import { pagePdf } from './page-pdf.ts';
import { pageSnapshot } from './page-snapshot.ts';
import { queryPage } from './query-page.ts';
import { screenshot } from './screenshot.ts';
import { usePage } from './use-page.ts';

/** Pages in a browser of the machine's own, all through the one way out. */
export function browserTools(services: ToolServices): ToolFamily {
  return {
    tools: [screenshot, pageSnapshot, pageConsole, queryPage, usePage, compareScreenshots, pagePdf].map(
      (make) => make(services),
    ),
    close: () => services.browsers.close(),
  };
}
