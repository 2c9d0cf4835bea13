import { join } from 'node:path';
import { showLine } from '../../contract/display.ts';
import type { PictureInfo, PictureList, PictureListInput, PictureType } from '../../contract/pictures.ts';
import type { Settings } from '../../contract/settings.ts';
import type { Clock, Ports } from '../ports.ts';
import type { PictureStore } from '../store/pictures.ts';
import type { AuditEntry } from './audit-entry.ts';
import { BlobStore } from './blobs.ts';
import { FastbandError } from './errors.ts';
import { newId } from './ids.ts';
import type { Redactor } from './redact.ts';

/** A picture as a tool made it. */
export interface NewPicture {
  readonly callId: string;
  readonly client: { readonly id: string; readonly name: string };
  readonly tool: string;
  readonly url: string;
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly type: PictureType;
  readonly data: Buffer;
}

export interface Picture {
  readonly info: PictureInfo;
  readonly data: Buffer;
}

/** What tools are given of the gallery. */
export interface Pictures {
  keep(picture: NewPicture): Promise<PictureInfo>;
  /** @throws FastbandError `not_found` also for another client's: whether there is such a one is not told */
  read(id: string, clientId: string): Promise<Picture>;
  /** Keeps a small JPEG of it, made once. */
  keepSmall(id: string, data: Buffer): Promise<void>;
}

const DAY_MS = 86_400_000;
/** A file younger than this may belong to a row that is about to be written. */
const ORPHAN_MS = 10 * 60_000;
const MAX_TITLE = 200;
const MAX_URL = 1000;

export interface GalleryDeps {
  readonly rows: PictureStore;
  readonly home: string;
  readonly clock: Clock;
  readonly random: Ports['random'];
  readonly settings: () => Settings;
  readonly redactor: Redactor;
  readonly audit: (entry: AuditEntry) => void;
}

/** Pictures that calls made: files below `home/pictures`, each named by its content, and a row for each. */
export class Gallery implements Pictures {
  readonly #deps: GalleryDeps;
  readonly #blobs: BlobStore;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: GalleryDeps) {
    this.#deps = deps;
    this.#blobs = new BlobStore(join(deps.home, 'pictures'), deps.random);
  }

  async keep({
    callId,
    client,
    tool,
    url,
    title,
    width,
    height,
    type,
    data,
  }: NewPicture): Promise<PictureInfo> {
    const { rows, clock, random, redactor } = this.#deps;
    const info: PictureInfo = {
      id: newId('p', random),
      at: clock.now(),
      callId,
      clientId: client.id,
      clientName: client.name,
      tool,
      url: showLine(redactor.text(url)).slice(0, MAX_URL),
      title: showLine(redactor.text(title)).slice(0, MAX_TITLE),
      width,
      height,
      bytes: data.length,
      type,
    };
    await this.#alone(async () => rows.add(info, await this.#blobs.put(data)));
    return info;
  }

  async keepSmall(id: string, data: Buffer): Promise<void> {
    await this.#alone(async () => this.#deps.rows.setSmall(id, await this.#blobs.put(data)));
  }

  async read(id: string, clientId: string): Promise<Picture> {
    const row = this.#deps.rows.get(id);
    if (row === undefined || row.info.clientId !== clientId) throw missing();
    return { info: row.info, data: await this.#content(row.hash) };
  }

  /**
   * A picture for the person. The small one where there is one.
   *
   * @throws FastbandError `not_found`
   */
  async show(id: string, size: 'full' | 'small'): Promise<{ data: Buffer; type: PictureType }> {
    const row = this.#deps.rows.get(id);
    if (row === undefined) throw missing();
    if (size === 'small' && row.small !== undefined)
      return { data: await this.#content(row.small), type: 'image/jpeg' };
    return { data: await this.#content(row.hash), type: row.info.type };
  }

  /** @throws FastbandError `not_found` */
  get(id: string): PictureInfo {
    const row = this.#deps.rows.get(id);
    if (row === undefined) throw missing();
    return row.info;
  }

  list(input: PictureListInput): PictureList {
    const { rows, next } = this.#deps.rows.list(input);
    return { pictures: rows.map(({ info }) => info), next, ...this.#deps.rows.totals() };
  }

  /** The newest that one client made. */
  ofClient(clientId: string, limit: number): PictureInfo[] {
    return this.#deps.rows.ofClient(clientId, limit).map(({ info }) => info);
  }

  /** @throws FastbandError `not_found` */
  async remove(id: string): Promise<PictureInfo> {
    const { info } = await this.#alone(async () => {
      const row = this.#deps.rows.remove(id);
      const needed = this.#deps.rows.hashes();
      for (const hash of [row.hash, row.small])
        if (hash !== undefined && !needed.has(hash)) await this.#blobs.drop(hash);
      return row;
    });
    this.#deps.audit({
      type: 'picture.removed',
      actor: 'person',
      summary: `A picture of ${info.url.slice(0, 200)} that ${showLine(info.clientName)} made was deleted.`,
      detail: { picture: id, callId: info.callId },
    });
    return info;
  }

  async clear(): Promise<number> {
    const removed = await this.#alone(async () => {
      const gone = this.#deps.rows.clear();
      await this.#blobs.keepOnly(new Set(), Number.POSITIVE_INFINITY);
      return gone;
    });
    if (removed > 0)
      this.#deps.audit({
        type: 'picture.removed',
        actor: 'person',
        summary: `All ${removed} pictures of the gallery were deleted.`,
      });
    return removed;
  }

  /** Lets go of pictures past their days or their room, oldest first, and of files that belong to none. */
  async sweep(): Promise<void> {
    const { rows, clock, settings } = this.#deps;
    const { retentionDays, maxBytes } = settings().gallery;
    await this.#alone(async () => {
      rows.retire(clock.now() - retentionDays * DAY_MS, maxBytes);
      await this.#blobs.keepOnly(rows.hashes(), clock.now() - ORPHAN_MS);
    });
  }

  async #content(hash: string): Promise<Buffer> {
    return this.#blobs.read(hash).catch((error: unknown) => {
      throw new FastbandError('not_found', 'This picture is gone or damaged.', { cause: error });
    });
  }

  /** Files and rows change together: a file that is being kept must not be taken for one that nobody needs. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

function missing(): FastbandError {
  return new FastbandError('not_found', 'There is no such picture.');
}
