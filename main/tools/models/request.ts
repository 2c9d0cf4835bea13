import { createHash } from 'node:crypto';
import type { Preview, PreviewTitle } from '../../../contract/approvals.ts';
import type { Effect } from '../../../contract/effects.ts';
import { PROVIDERS, type Provider } from '../../../contract/keys.ts';
import type { PictureInfo } from '../../../contract/pictures.ts';
import { previewTitle, warning } from '../../../contract/sentences.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../contract/settings.ts';
import { FastbandError } from '../../core/errors.ts';
import type { Picture } from '../../core/gallery.ts';
import { findSecrets } from '../../core/redact.ts';
import type { PlanContext, PlanPreview } from '../../core/tool.ts';
import { callerPath, changed, type PathStat } from '../../guard/path.ts';
import { plainHost } from '../../guard/url.ts';
import { imageTypeOf, readBytes } from '../file-content.ts';
import { resolveFor } from '../paths.ts';
import type { ToolServices } from '../services.ts';

/** What all three providers take. */
const MAX_IMAGE_BYTES = 5 * 1024 * 1024;
/** Longest side of a picture of the gallery as it is sent, in pixels: providers refuse very high ones, or make them this small. */
const MAX_EDGE = 1568;
/** As answers name a picture: by the address of its resource, or by its id. */
const PICTURE = /^(?:fastband:\/\/pictures\/([\w-]{1,100})|(p_[A-Za-z0-9_-]{16}))$/;
export const TIERS = ['fast', 'balanced', 'powerful'] as const;
type Tier = (typeof TIERS)[number];

export interface Candidate {
  readonly provider: Provider;
  readonly model: string;
  readonly baseUrl: string;
  /** No key is sent, even where there is one by the time of the call: that was not approved. */
  readonly keyless?: true;
}

/** An image as it was when the call was planned. */
export interface PlannedImage {
  readonly name: string;
  readonly from: 'file' | 'picture';
  /** A picture's id; a file's absolute path. */
  readonly at: string;
  readonly requested: string;
  readonly stat: PathStat | null;
  readonly mimeType: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Who may answer, in order: the provider that was named, or those that have a key, as the person ordered them. A server of the
 * person's own that speaks as OpenAI does needs none.
 *
 * @throws FastbandError `key_missing`
 */
export async function candidatesFor(
  services: ToolServices,
  settings: Settings,
  wanted: { readonly provider?: Provider | undefined; readonly model?: string | undefined },
): Promise<Candidate[]> {
  const { model = 'balanced' } = wanted;
  const tier = (TIERS as readonly string[]).includes(model);
  const named = wanted.provider ?? (tier ? undefined : providerOf(model));
  const order = named === undefined ? orderOf(settings) : [named];
  const known = await Promise.all(order.map((provider) => services.keys.info(provider)));
  const keyless = (provider: Provider) =>
    provider === 'openai' && settings.providers.openaiUrl !== DEFAULT_SETTINGS.providers.openaiUrl;
  const candidates = order.filter((provider, at) => known[at] !== undefined || keyless(provider));
  if (candidates.length === 0)
    throw new FastbandError(
      'key_missing',
      `There is no key for ${order.join(', ')}. A person can add one in Fastband (Keys).`,
    );
  return candidates.map((provider) => ({
    provider,
    model: tier ? modelOf(settings, provider, model as Tier) : model,
    baseUrl: settings.providers[`${provider}Url`],
    ...(known[order.indexOf(provider)] === undefined ? { keyless: true as const } : {}),
  }));
}

/** What reaching these would do: the most trusted kind of effect last. */
export function effectsOf(services: ToolServices, candidates: readonly Candidate[]): Effect[] {
  return candidates.flatMap(({ provider, baseUrl, keyless }): Effect[] => {
    const { host, port } = services.net.parse(baseUrl);
    return [
      ...(keyless ? [] : [{ kind: 'secret' as const, provider }]),
      { kind: 'net', method: 'POST', host, port, url: baseUrl },
    ];
  });
}

/** @throws FastbandError `not_found`, `invalid_input` for what is no image, `too_large` */
export async function planImages(
  services: ToolServices,
  context: PlanContext,
  images: readonly string[],
): Promise<{ effects: Effect[]; images: PlannedImage[] }> {
  const effects: Effect[] = [];
  const planned: PlannedImage[] = [];
  for (const image of images) {
    const [, address, own] = PICTURE.exec(image) ?? [];
    const id = address ?? own;
    if (id !== undefined) {
      const { data, info } = await services.pictures.read(id, context.client.id);
      const name = isLarge(info) ? `${image}, made smaller` : image;
      planned.push({ ...describe(name, 'picture', id, null, data), requested: image });
      continue;
    }
    const path = await resolveFor(context, image, 'read');
    if (path.type !== 'file') throw new FastbandError('not_found', `${image} is no file.`);
    effects.push({ kind: 'read', workspace: path.workspace.name, path: path.relative });
    if (!context.visible(path.workspace.name, path.relative))
      throw new FastbandError('denied_by_rule', `A rule keeps ${image} from being read.`);
    const name = callerPath(context.workspaces, path.workspace.name, path.relative);
    planned.push({
      ...describe(name, 'file', path.absolute, path.stat, await readBytes(path)),
      requested: image,
    });
  }
  return { effects, images: planned };
}

/** The images as they were planned, and pictures of the gallery as small as a screenshot's answer shows them. @throws FastbandError `changed_since_plan` */
export async function readImages(
  services: ToolServices,
  clientId: string,
  images: readonly PlannedImage[],
): Promise<{ mimeType: string; data: string }[]> {
  return Promise.all(
    images.map(async ({ from, at, requested, stat, sha256, mimeType, name }) => {
      const picture = from === 'picture' ? await services.pictures.read(at, clientId) : undefined;
      const bytes = picture?.data ?? (await readBytes({ absolute: at, requested, stat }));
      if (hashOf(bytes) !== sha256) throw changed(name);
      if (picture !== undefined && isLarge(picture.info)) return smaller(services, picture);
      return { mimeType, data: bytes.toString('base64') };
    }),
  );
}

function isLarge({ width, height, bytes }: Pick<PictureInfo, 'width' | 'height' | 'bytes'>): boolean {
  return Math.max(width, height) > MAX_EDGE || bytes > MAX_IMAGE_BYTES;
}

async function smaller(
  { browsers }: ToolServices,
  { data, info }: Picture,
): Promise<{ mimeType: string; data: string }> {
  const { imaging } = await browsers.browser();
  const same = await imaging.draw(data, info.type, info.type, MAX_EDGE);
  const drawn =
    same.data.length > MAX_IMAGE_BYTES
      ? await imaging.draw(same.data, same.type, 'image/jpeg', MAX_EDGE)
      : same;
  return { mimeType: drawn.type, data: drawn.data.toString('base64') };
}

/** What is sent, whole: to whom, the words, and each image with its size. */
export function previewOf(
  candidates: readonly Candidate[],
  about: {
    readonly system?: string | undefined;
    readonly prompt: string;
    readonly images: readonly PlannedImage[];
    readonly maxTokens: number;
    readonly schema?: unknown;
  },
): PlanPreview {
  const text = (title: PreviewTitle, content: string): Preview => ({
    kind: 'text',
    title,
    text: content,
    omitted: 0,
  });
  const to = candidates.map(
    ({ provider, model, baseUrl, keyless }) =>
      `${model} (${provider}, ${hostOf(baseUrl)}${keyless ? ', without a key' : ''})`,
  );
  const sent = [...(about.system === undefined ? [] : [about.system]), about.prompt].join('\n');
  const secrets = findSecrets(sent);
  return {
    previews: [
      text(previewTitle('models', about.maxTokens, candidates.length), to.join('\n')),
      ...(about.images.length === 0
        ? []
        : [
            text(
              previewTitle('images'),
              about.images
                .map(({ name, mimeType, bytes }) => `${name} (${mimeType}, ${bytes} bytes)`)
                .join('\n'),
            ),
          ]),
      ...(about.system === undefined ? [] : [text(previewTitle('system'), about.system)]),
      text(previewTitle('prompt'), about.prompt),
      ...(about.schema === undefined
        ? []
        : [text(previewTitle('schema'), JSON.stringify(about.schema, null, 2))]),
    ],
    warnings: secrets.map(({ name, line }) => warning('holdsSecret', name, line)),
  };
}

function describe(
  name: string,
  from: PlannedImage['from'],
  at: string,
  stat: PathStat | null,
  bytes: Buffer,
): PlannedImage {
  const mimeType = imageTypeOf(bytes);
  if (mimeType === undefined)
    throw new FastbandError('invalid_input', `${name} is no PNG, JPEG, GIF or WebP image.`);
  // A picture of the gallery is made smaller before it is sent.
  if (from === 'file' && bytes.length > MAX_IMAGE_BYTES)
    throw new FastbandError(
      'too_large',
      `${name} has ${bytes.length} bytes; models take at most ${MAX_IMAGE_BYTES}.`,
    );
  return { name, from, at, requested: name, stat, mimeType, bytes: bytes.length, sha256: hashOf(bytes) };
}

function orderOf(settings: Settings): Provider[] {
  const chosen = PROVIDERS.filter((one) => settings.providers.order.includes(one)).toSorted(
    (a, b) => settings.providers.order.indexOf(a) - settings.providers.order.indexOf(b),
  );
  return chosen.length === 0 ? [...PROVIDERS] : chosen;
}

function providerOf(model: string): Provider | undefined {
  if (model.startsWith('claude')) return 'anthropic';
  if (/^(?:gpt|o\d|chatgpt)/.test(model)) return 'openai';
  return model.startsWith('gemini') ? 'google' : undefined;
}

function modelOf(settings: Settings, provider: Provider, tier: Tier): string {
  const name = settings.providers[`${provider}Models`][TIERS.indexOf(tier)];
  if (name === undefined)
    throw new FastbandError('settings_invalid', `No ${tier} model of ${provider} is set.`);
  return name;
}

function hostOf(baseUrl: string): string {
  return plainHost(URL.parse(baseUrl)?.hostname ?? baseUrl);
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
