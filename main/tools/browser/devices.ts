import { type BrowserContextOptions, devices } from 'playwright-core';
import { FastbandError } from '../../core/errors.ts';

/** A device's screen and user agent. @throws FastbandError `invalid_input`, which names those that are alike */
export async function deviceNamed(name: string): Promise<BrowserContextOptions> {
  const key = Object.keys(devices).find((one) => one.toLowerCase() === name.toLowerCase());
  const device = key === undefined ? undefined : devices[key];
  if (device !== undefined) {
    const { viewport, userAgent, deviceScaleFactor, isMobile, hasTouch } = device;
    return { viewport, userAgent, deviceScaleFactor, isMobile, hasTouch };
  }
  const first = name.toLowerCase().split(/\s+/)[0] ?? '';
  const alike = Object.keys(devices)
    .filter((one) => one.toLowerCase().includes(first) && !one.endsWith('landscape'))
    .slice(0, 8);
  const some = alike.length > 0 ? alike : ['iPhone 15', 'Pixel 7', 'iPad Mini', 'Desktop Chrome HiDPI'];
  throw new FastbandError('invalid_input', `There is no device of this name. There are: ${some.join(', ')}.`);
}
