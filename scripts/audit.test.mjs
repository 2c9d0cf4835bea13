import { describe, expect, test } from 'vitest';
import { judgeAudit } from './audit.mjs';

const answer = (vulnerabilities, counts) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities,
    metadata: {
      vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0, total: 0, ...counts },
      dependencies: { prod: 120, dev: 4 },
    },
  });
const problem = (severity) => ({ left: { name: 'left', severity, range: '<2.0.0' } });

describe('what npm knows of the packages', () => {
  test.each([
    ['nothing known', answer({}, {}), 'passed', 'no known problem in 120 packages'],
    ['a small one is said', answer(problem('low'), { low: 1, total: 1 }), 'passed', 'low: left <2.0.0'],
    ['a grave one fails', answer(problem('high'), { high: 1, total: 1 }), 'failed', 'high: left <2.0.0'],
    [
      'a critical one fails',
      answer(problem('critical'), { critical: 1, total: 1 }),
      'failed',
      'critical: left',
    ],
    [
      'a registry that gives no advisories',
      '{"message":"405 Method Not Allowed - POST https://r.example/bulk"}',
      'unknown',
      'problems: 405 Method Not Allowed',
    ],
    [
      'no network',
      '{"error":{"code":"ENOTFOUND","summary":"no such host\\nmore"}}',
      'unknown',
      'no such host',
    ],
    ['no answer', '', 'unknown', 'npm gave no answer'],
    ['half an answer', '{"metadata":{', 'unknown', 'npm gave no answer'],
    ['an answer of another kind', 'null', 'unknown', 'npm gave no answer'],
    ['counted and not named', answer({}, { high: 1, total: 1 }), 'unknown', 'names none'],
  ])('%s', (_name, text, result, said) => {
    const judged = judgeAudit(text);
    expect(judged.result).toBe(result);
    expect(judged.lines.join('\n')).toContain(said);
  });
});
