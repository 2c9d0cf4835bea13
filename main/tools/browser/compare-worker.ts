import { parentPort, workerData } from 'node:worker_threads';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

/** Two PNG files. */
export interface Comparison {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** Of colour distance, 0 to 1: what counts as the same. */
  readonly threshold: number;
}

export interface Difference {
  readonly pixels: number;
  readonly width: number;
  readonly height: number;
  readonly sameSize: boolean;
  /** PNG. */
  readonly picture: Uint8Array;
}

const question = workerData as Comparison;
parentPort?.postMessage(compare(question));

function compare({ before, after, threshold }: Comparison): Difference {
  const [a, b] = [PNG.sync.read(Buffer.from(before)), PNG.sync.read(Buffer.from(after))];
  const width = Math.max(a.width, b.width);
  const height = Math.max(a.height, b.height);
  const sameSize = a.width === b.width && a.height === b.height;
  const output = new PNG({ width, height });
  const pixels = pixelmatch(grown(a, width, height), grown(b, width, height), output.data, width, height, {
    threshold,
  });
  return { pixels, width, height, sameSize, picture: PNG.sync.write(output) };
}

/** The picture on a canvas of this size; what it does not have is transparent there. */
function grown(picture: PNG, width: number, height: number): Uint8Array {
  if (picture.width === width && picture.height === height) return picture.data;
  const canvas = new PNG({ width, height, fill: true });
  canvas.data.fill(0);
  PNG.bitblt(picture, canvas, 0, 0, picture.width, picture.height, 0, 0);
  return canvas.data;
}
