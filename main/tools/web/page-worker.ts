import { parentPort } from 'node:worker_threads';
import type { PageAnswer, PageQuestion } from './page-reader.ts';

/** The user agent's name as robots.txt files spell it: without its version (RFC 9309, 2.2.1). */
const ROBOT = 'Fastband';

async function answer(question: PageQuestion): Promise<PageAnswer> {
  if (question.op === 'robots') {
    const module: unknown = await import('robots-parser');
    // Its types speak of an ES module; it is a function that CommonJS exports.
    const { default: robotsParser } = module as { default: typeof import('robots-parser').default };
    const robots = robotsParser(`${question.origin}/robots.txt`, question.rules);
    return { op: 'robots', allowed: robots.isAllowed(question.url, ROBOT) !== false };
  }
  const { readPage } = await import('./page.ts');
  return { op: 'page', ...readPage(question) };
}

parentPort?.on('message', async (question: PageQuestion) => {
  try {
    parentPort?.postMessage(await answer(question));
  } catch {
    // A stack that overflows on a page nested without end, and whatever else such pages bring about.
    parentPort?.postMessage({ op: 'failed' });
  }
});
