import { expect, it } from 'vitest';
import { pageOfLink } from './deep-link.ts';

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
