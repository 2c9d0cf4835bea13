import { z } from 'zod';
import { showLine } from '../../../contract/display.ts';
import { FastbandError } from '../../core/errors.ts';

const ACTIONS = [
  'click',
  'type',
  'press',
  'select',
  'hover',
  'scroll',
  'wait',
  'goto',
  'screenshot',
] as const;

/** One thing that a person would do on a page. */
export const Step = z.strictObject({
  do: z.enum(ACTIONS),
  on: z.string().max(500).optional().describe('selector'),
  value: z
    .string()
    .max(4000)
    .optional()
    .describe('type: text; press: key; select: option; scroll: pixels; wait: ms; goto: url'),
});
export type Step = z.infer<typeof Step>;

/** Which steps need an element, and which a value. */
const NEEDS: Readonly<Record<Step['do'], readonly ('on' | 'value')[]>> = {
  click: ['on'],
  type: ['on', 'value'],
  press: ['value'],
  select: ['on', 'value'],
  hover: ['on'],
  scroll: [],
  wait: [],
  goto: ['value'],
  screenshot: [],
};

/** A step as a person reads it, with the words that would be typed. */
export function stepWords(step: Step): string {
  const on = step.on === undefined ? '' : showLine(step.on);
  const value = step.value === undefined ? '' : JSON.stringify(step.value);
  switch (step.do) {
    case 'type':
      return `type ${value} into ${on}`;
    case 'press':
      return `press ${value}${on === '' ? '' : ` in ${on}`}`;
    case 'select':
      return `select ${value} in ${on}`;
    case 'goto':
      return `go to ${showLine(step.value ?? '')}`;
    case 'wait':
      return `wait ${on === '' ? `${step.value ?? '1000'} ms` : `for ${on}`}`;
    case 'scroll':
      return on === '' ? `scroll by ${step.value ?? '800'} pixels` : `scroll to ${on}`;
    default:
      return `${step.do} ${on}`.trim();
  }
}

/** @param number - from 1, for the message. @throws FastbandError `invalid_input` */
export function refuseUnfit(step: Step, number: number): void {
  const missing = NEEDS[step.do].filter((name) => step[name] === undefined);
  if (missing.length > 0)
    throw new FastbandError('invalid_input', `Step ${number} (${step.do}) needs ${missing.join(' and ')}.`);
  const counts = step.do === 'scroll' || step.do === 'wait';
  if (counts && step.value !== undefined && !/^-?\d{1,5}$/.test(step.value))
    throw new FastbandError('invalid_input', `Step ${number} (${step.do}) takes a number.`);
}
