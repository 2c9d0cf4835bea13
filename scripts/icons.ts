import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';

/** Draws every icon of the app from the shapes below into `resources/`. Run it after a change; the results are kept. */

const RESOURCES = join(import.meta.dirname, '..', 'resources');
const TEAL = '#0f766e';
const TEAL_LIGHT = '#14a89b';

/** The brand: three bands, each shorter than the one above. In a 24 by 24 box. */
const bands = (colour: string, width: number) =>
  `<path d="M6 7h12M6 12h8M6 17h4" stroke="${colour}" stroke-width="${width}" stroke-linecap="round"/>`;

/** The app's icon. macOS wants air around it; the others fill their square. */
const appIcon = (margin: number) => {
  const size = 24 - 2 * margin;
  const scale = size / 24;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none"><title>Fastband</title>
<defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1"><stop stop-color="${TEAL_LIGHT}"/><stop offset="1" stop-color="${TEAL}"/></linearGradient></defs>
<rect x="${margin}" y="${margin}" width="${size}" height="${size}" rx="${size * 0.225}" fill="url(#g)"/>
<g transform="translate(${margin} ${margin}) scale(${scale})">${bands('#fff', 2.4)}</g></svg>`;
};

const STATES = ['off', 'on', 'waiting', 'error'] as const;
type State = (typeof STATES)[number];

/** 16 by 16: a tile with the bands cut out when the server is on, its outline when it is off, a mark for the rest. */
function trayIcon(state: State, colour: string, mark: string): string {
  const lines = 'M4.5 5h7M4.5 8h4.5M4.5 11h2';
  const tile =
    state === 'off'
      ? `<rect x="1.75" y="1.75" width="12.5" height="12.5" rx="3.25" stroke="${colour}" stroke-width="1.5"/><path d="${lines}" stroke="${colour}" stroke-width="1.5" stroke-linecap="round"/>`
      : `<mask id="m"><rect width="16" height="16" fill="#fff"/><path d="${lines}" stroke="#000" stroke-width="1.6" stroke-linecap="round"/>${state === 'on' ? '' : '<circle cx="12" cy="12" r="5" fill="#000"/>'}</mask><rect x="1" y="1" width="14" height="14" rx="4" fill="${colour}" mask="url(#m)"/>`;
  const badge = {
    off: '',
    on: '',
    waiting: `<circle cx="12" cy="12" r="3.6" fill="${mark}"/>`,
    error: `<path d="M12 8.6v3.6M12 14.9v.2" stroke="${mark}" stroke-width="2" stroke-linecap="round"/>`,
  }[state];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none">${tile}${badge}</svg>`;
}

const png = (svg: string, size: number): Buffer =>
  new Resvg(svg, { fitTo: { mode: 'width', value: size }, font: { loadSystemFonts: false } })
    .render()
    .asPng();

/** An ICO file of PNGs (Windows Vista and later). */
function ico(images: readonly { size: number; data: Buffer }[]): Buffer {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  images.forEach(({ size, data }, at) => {
    const entry = 6 + 16 * at;
    // 0 stands for 256.
    head.writeUInt8(size % 256, entry);
    head.writeUInt8(size % 256, entry + 1);
    head.writeUInt16LE(1, entry + 4);
    head.writeUInt16LE(32, entry + 6);
    head.writeUInt32LE(data.length, entry + 8);
    head.writeUInt32LE(offset, entry + 12);
    offset += data.length;
  });
  return Buffer.concat([head, ...images.map(({ data }) => data)]);
}

/** Apple's names for the sizes of an ICNS file that holds PNGs. */
const ICNS = {
  icp4: 16,
  icp5: 32,
  ic11: 32,
  ic12: 64,
  ic07: 128,
  ic13: 256,
  ic08: 256,
  ic14: 512,
  ic09: 512,
  ic10: 1024,
};

function icns(svg: string): Buffer {
  const parts = Object.entries(ICNS).map(([type, size]) => {
    const data = png(svg, size);
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(data.length + 8, 4);
    return Buffer.concat([head, data]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.write('icns', 'latin1');
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}

const save = async (name: string, data: string | Buffer) => writeFile(join(RESOURCES, name), data);

await mkdir(join(RESOURCES, 'tray'), { recursive: true });
await mkdir(join(RESOURCES, 'icons'), { recursive: true });
const square = appIcon(0.5);
await save('icon.svg', `${square}\n`);
for (const size of [16, 32, 48, 64, 128, 256, 512])
  await save(`icons/${size}x${size}.png`, png(square, size));
await save(
  'icon.ico',
  ico([16, 24, 32, 48, 64, 128, 256].map((size) => ({ size, data: png(square, size) }))),
);
await save('icon.icns', icns(appIcon(2.3)));
for (const state of STATES) {
  const looks = {
    '-light': trayIcon(state, '#24292e', state === 'error' ? '#c62828' : TEAL),
    '-dark': trayIcon(state, '#f2f5f7', state === 'error' ? '#ff8a80' : '#5eead4'),
    Template: trayIcon(state, '#000', '#000'),
  };
  for (const [look, svg] of Object.entries(looks)) {
    await save(`tray/${state}${look}.png`, png(svg, 16));
    await save(`tray/${state}${look}@2x.png`, png(svg, 32));
  }
}
