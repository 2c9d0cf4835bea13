import { afterEach, beforeEach, expect, test } from 'vitest';
import { BrowserBench, Site } from './browser/testing.ts';
import { planImages, readImages } from './models/request.ts';

let site: Site;
let bench: BrowserBench;
beforeEach(async () => {
  site = await Site.start({ '/': '<!doctype html><div style="height:9000px">high</div>' });
  bench = await BrowserBench.create();
  bench.allow(site);
});
afterEach(async () => {
  await bench.close();
  await site.close();
});

test('a high picture of the gallery is sent to a model as small as its answer shows it, under either name', async () => {
  const { output } = await bench.call('screenshot', { url: site.url(), fullPage: true });
  expect(output.height).toBeGreaterThan(8999);
  const id = String(output.picture);
  const { images } = await planImages(bench.services, bench.planContext(), [id, `fastband://pictures/${id}`]);
  expect(images.map(({ name }) => name)).toEqual([
    `${id}, made smaller`,
    `fastband://pictures/${id}, made smaller`,
  ]);
  for (const { mimeType, data } of await readImages(bench.services, 'k1', images)) {
    const bytes = Buffer.from(data, 'base64');
    // Width and height in a PNG's header.
    expect([mimeType, bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([
      'image/png',
      expect.any(Number),
      1568,
    ]);
  }
});
