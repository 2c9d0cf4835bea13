import type { Locator } from 'playwright-core';
import type { PictureInfo, PictureType } from '../../../contract/pictures.ts';
import { FastbandError } from '../../core/errors.ts';
import type { Pictures } from '../../core/gallery.ts';
import type { RunContext, ToolContent } from '../../core/tool.ts';
import type { Browsers } from './browsers.ts';
import { type Image, sizeOf } from './imaging.ts';
import type { OpenPage } from './open-page.ts';
import type { Place } from './place.ts';
import { pageError, STEP_MS } from './visit.ts';
import { placeOfSite } from './workspace-site.ts';

/** The longest side that models take without making it smaller themselves, in pixels. */
export const SHOWN_EDGE = 1568;
const SMALL_EDGE = 400;
/** Highest part of a page that is taken, in CSS pixels, and most pixels of one picture. */
const MAX_HEIGHT = 16_000;
const MAX_PIXELS = 40_000_000;
const TITLE_MS = 1000;
/** A picture as large as may be takes seconds where the machine is busy. */
const PICTURE_MS = 30_000;
const JPEG_QUALITY = 80;

export interface Shot {
  readonly fullPage: boolean;
  readonly element: string | undefined;
  readonly clip:
    | { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
    | undefined;
  readonly mask: readonly string[];
  readonly type: PictureType;
}

/** A picture as it was kept and as it is shown to a model. */
export interface Taken {
  readonly info: PictureInfo;
  readonly shown: Image;
  readonly notes: readonly string[];
}

export interface CaptureServices {
  readonly pictures: Pictures;
  readonly browsers: Browsers;
}

/** Takes a picture of a page as it is, keeps it, and makes what is shown of it. @throws FastbandError */
export async function capture(
  open: OpenPage,
  shot: Shot,
  about: { readonly tool: string; readonly context: RunContext },
  { pictures, browsers }: CaptureServices,
): Promise<Taken> {
  const { data, notes } = await take(open, shot);
  const { width, height } = sizeOf(data);
  const { context, tool } = about;
  const info = await pictures.keep({
    callId: context.callId,
    client: context.client,
    tool,
    url: shownUrl(open.page.url()),
    title: await titleOf(open, context),
    width,
    height,
    type: shot.type,
    data,
  });
  const { imaging } = await browsers.browser();
  const full = { data, type: shot.type, width, height };
  const shown =
    Math.max(width, height) <= SHOWN_EDGE ? full : await imaging.draw(data, shot.type, shot.type, SHOWN_EDGE);
  browsers.later(
    imaging
      .draw(shown.data, shown.type, 'image/jpeg', SMALL_EDGE)
      .then((small) => pictures.keepSmall(info.id, small.data)),
  );
  return { info, shown, notes };
}

/** The picture for a model, and the way to the whole one. */
export function pictureContent({ info, shown }: Pick<Taken, 'info' | 'shown'>): ToolContent[] {
  return [
    { type: 'image', data: shown.data.toString('base64'), mimeType: shown.type },
    {
      type: 'resource_link',
      uri: `fastband://pictures/${info.id}`,
      name: info.id,
      mimeType: info.type,
      size: info.bytes,
    },
  ];
}

/** What a picture is, in words: its size, and the size shown where that is another. */
export function pictureFacts({ info, shown }: Pick<Taken, 'info' | 'shown'>): string {
  const size = `${info.width}×${info.height}`;
  return `Picture ${info.id}, ${size}${shown.width === info.width ? '' : `, shown at ${shown.width}×${shown.height}`}.`;
}

/** An address as people know it: a workspace file by its path. */
export function shownUrl(url: string): string {
  const file = placeOfSite(url);
  return file === undefined ? url : `${file.workspace}/${file.path}`;
}

/** A page's own name for itself; empty where it does not answer. */
export async function titleOf(open: OpenPage, context: RunContext): Promise<string> {
  let stop = () => {};
  const late = new Promise<string>((resolve) => {
    stop = context.ports.clock.after(TITLE_MS, () => resolve(''));
  });
  try {
    return await Promise.race([open.page.title().catch(() => ''), late]);
  } finally {
    stop();
  }
}

/** For the log: what a call was about. */
export function placeWords(place: Place): string {
  if (place.kind === 'url') return place.url.slice(0, 300);
  return place.kind === 'file' ? place.path : place.origin;
}

async function take(open: OpenPage, shot: Shot): Promise<{ data: Buffer; notes: string[] }> {
  const { page } = open;
  const notes: string[] = [];
  const options = {
    type: shot.type === 'image/png' ? ('png' as const) : ('jpeg' as const),
    ...(shot.type === 'image/jpeg' ? { quality: JPEG_QUALITY } : {}),
    // Secrets that a page shows can be covered before anybody sees the picture.
    mask: shot.mask.map((selector) => page.locator(selector)),
    animations: 'disabled' as const,
    timeout: PICTURE_MS,
  };
  try {
    await refuseMasksOfNothing(open, shot.mask);
    if (shot.element !== undefined) {
      const element = page.locator(shot.element).first();
      await refuseTooLarge(element, shot.element);
      return { data: await element.screenshot(options), notes };
    }
    if (shot.clip !== undefined)
      return { data: await page.screenshot({ ...options, fullPage: true, clip: shot.clip }), notes };
    if (!shot.fullPage) return { data: await page.screenshot(options), notes };
    const size = await pageSize(open);
    const scale = await pixelRatio(open);
    const height = Math.min(size.height, MAX_HEIGHT, Math.floor(MAX_PIXELS / (size.width * scale * scale)));
    if (height < size.height)
      notes.push(
        `The page is ${size.height} pixels high: only its first ${height} are in the picture. Use clip for others.`,
      );
    const clip = { x: 0, y: 0, width: size.width, height };
    return { data: await page.screenshot({ ...options, fullPage: true, clip }), notes };
  } catch (error) {
    const what = shot.element === undefined ? 'The page' : `${shot.element}`;
    throw pageError(error, open, `${what} could not be pictured within ${PICTURE_MS / 1000} s`);
  }
}

/** A selector with a mistake in it would show the secret, and nobody would be told. */
async function refuseMasksOfNothing({ page }: OpenPage, masks: readonly string[]): Promise<void> {
  for (const mask of masks)
    if ((await page.locator(mask).count()) === 0)
      throw new FastbandError(
        'invalid_input',
        `Nothing on the page matches the mask ${mask}, so no picture was taken. Correct it, or leave it out.`,
      );
}

async function refuseTooLarge(element: Locator, selector: string): Promise<void> {
  const box = await element.boundingBox({ timeout: STEP_MS });
  if (box !== null && (box.height > MAX_HEIGHT || box.width * box.height > MAX_PIXELS))
    throw new FastbandError(
      'too_large',
      `${selector} is ${Math.round(box.width)}×${Math.round(box.height)} pixels. Use clip.`,
    );
}

async function pageSize(open: OpenPage): Promise<{ width: number; height: number }> {
  // Chromium's own figures, not the page's.
  const { cssContentSize, cssLayoutViewport } = await open.devtools.send('Page.getLayoutMetrics');
  const width = Math.max(
    1,
    Math.min(Math.ceil(cssContentSize.width), Math.max(cssLayoutViewport.clientWidth, 4000)),
  );
  return { width, height: Math.max(1, Math.ceil(cssContentSize.height)) };
}

async function pixelRatio(open: OpenPage): Promise<number> {
  const { contentSize, cssContentSize } = await open.devtools.send('Page.getLayoutMetrics');
  return Math.max(1, contentSize.width / Math.max(1, cssContentSize.width));
}
