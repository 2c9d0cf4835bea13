import { describe, expect, it } from 'vitest';
import { CHANNELS } from './channels.ts';
import { DESKTOP_CHANNELS } from './desktop.ts';
import { WINDOWS } from './windows.ts';

describe('what a window may ask for', () => {
  it('is everything but the decision of an approval in the main window', () => {
    expect([...WINDOWS.main.channels, 'approvals.decide'].sort()).toEqual(Object.keys(CHANNELS).sort());
    expect([...WINDOWS.main.desktop, 'desktop.closeApproval'].sort()).toEqual(
      Object.keys(DESKTOP_CHANNELS).sort(),
    );
  });

  it('is approvals and nothing else in the approval window', () => {
    expect(WINDOWS.approval.channels.filter((name) => !name.startsWith('approvals.'))).toEqual([]);
    expect(WINDOWS.approval.desktop).toEqual(['desktop.closeApproval']);
  });
});
