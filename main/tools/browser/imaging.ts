import type { Browser, Page } from 'playwright-core';
import type { PictureType } from '../../../contract/pictures.ts';

export interface Image {
  readonly data: Buffer;
  readonly type: PictureType;
  readonly width: number;
  readonly height: number;
}

/** Runs in a page of our own: text, because the types of a page are not those of Node. */
const DRAW = `async ({ base64, from, to, edge, quality }) => {
  const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: from }));
  const scale = Math.min(1, edge / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const drawn = new Uint8Array(await (await canvas.convertToBlob({ type: to, quality })).arrayBuffer());
  let text = '';
  for (let at = 0; at < drawn.length; at += 32768) text += String.fromCharCode(...drawn.subarray(at, at + 32768));
  return { base64: btoa(text), width, height };
}`;

/**
 * Draws pictures smaller, in a page of the browser that belongs to nobody and can reach nothing: its context has no
 * credentials for the proxy.
 */
export class Imaging {
  readonly #browser: Browser;
  #page: Promise<Page> | undefined;

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** @param edge - longest side in pixels; a smaller picture is only turned into the type */
  async draw(data: Buffer, from: PictureType, to: PictureType, edge: number): Promise<Image> {
    this.#page ??= this.#open().catch((error: unknown) => {
      this.#page = undefined;
      throw error;
    });
    const page = await this.#page;
    const input = JSON.stringify({ base64: data.toString('base64'), from, to, edge, quality: 0.8 });
    const drawn = (await page.evaluate(`(${DRAW})(${input})`)) as {
      base64: string;
      width: number;
      height: number;
    };
    return { data: Buffer.from(drawn.base64, 'base64'), type: to, width: drawn.width, height: drawn.height };
  }

  async #open(): Promise<Page> {
    const context = await this.#browser.newContext({ offline: true, serviceWorkers: 'block' });
    const page = await context.newPage();
    // A picture too large for it ends this page: the next one has a new one.
    page.on('crash', () => {
      this.#page = undefined;
      void context.close().catch(() => {});
    });
    return page;
  }
}

/** Width and height of a picture, from its own header. @throws TypeError for what is no PNG or JPEG */
export function sizeOf(data: Buffer): { width: number; height: number } {
  if (data.length > 24 && data.readUInt32BE(0) === 0x89504e47)
    return { width: data.readUInt32BE(16), height: data.readUInt32BE(20) };
  // JPEG: the first frame header, SOF0 to SOF15 without DHT, JPG and DAC (ITU T.81, B.1).
  for (let at = 2; at + 9 < data.length && data[at] === 0xff; at += 2 + data.readUInt16BE(at + 2)) {
    const marker = data[at + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { height: data.readUInt16BE(at + 5), width: data.readUInt16BE(at + 7) };
  }
  throw new TypeError('neither a PNG nor a JPEG');
}
