import { existsSync } from 'node:fs';

/** The Chromium that people have, and that Fastband's own tools look at pages with. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

const SHELL = '/usr/lib/chromium/chromium-headless-shell';

/**
 * What tests show pages of Fastband in: the same engine without the parts that draw a browser's own window, where
 * Debian's package of it is there. Pages are there in two thirds of the time.
 */
export const PAGES_IN = process.env.CHROMIUM === undefined && existsSync(SHELL) ? SHELL : CHROMIUM;
