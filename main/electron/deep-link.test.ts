import { describe, expect, it } from 'vitest';
import { PAGE_IDS } from '../../contract/page-ids.ts';
import { pageOfArguments, pageOfLink } from './deep-link.ts';

it.each([
  ['fastband://approvals', '#/approvals'],
  ['fastband://activity/', '#/activity'],
  ['fastband:settings', '#/settings'],
  ['fastband://approvals?decide=allow', '#/approvals'],
  ['fastband://approvals/../settings', '#/approvals'],
  ['fastband://elsewhere', ''],
  ['https://approvals', ''],
  ['javascript:alert(1)', ''],
  ['--hidden', ''],
  ['', ''],
])('%s opens %j and nothing else', (link, page) => expect(pageOfLink(link)).toBe(page));

it.each(PAGE_IDS)('every page can be linked to: %s', (page) =>
  expect(pageOfLink(`fastband://${page}`)).toBe(`#/${page}`),
);

describe('a link among the arguments of a program', () => {
  it.each([
    [['/opt/fastband', 'fastband://rules'], '#/rules'],
    [['/opt/fastband', 'fastband://rules', '--original-process-start-time=1'], '#/rules'],
    [['/opt/fastband', '--hidden'], ''],
    [['/opt/fastband', 'https://example.org/rules'], ''],
  ])('%j opens %j', (argv, page) => expect(pageOfArguments(argv)).toBe(page));
});
