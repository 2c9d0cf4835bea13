import type { Socket } from 'node:net';
import { connect as encrypt } from 'node:tls';
import { Client, type QueryResult } from 'pg';
import { FastbandError } from '../../core/errors.ts';
import type { Net } from '../../guard/net.ts';
import { mustEncrypt, type PostgresAddress } from './postgres-address.ts';

/** Protocol 3.0, "Message Formats": CancelRequest and SSLRequest. */
const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const CANCEL_MS = 3000;
/** A query that was asked to stop and still answers after this is cut off. */
const REST_MS = 1000;
/** Most that one answer of the server may hold, in bytes: it is held whole until it is read. */
const MAX_ANSWER = 64 * 1024 * 1024;
const WATCH_MS = 50;

export interface Answer {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly command: string;
  readonly rowCount: number;
}

/** One connection, for one call: nothing that a session keeps passes from one client to another. */
export class PostgresSession {
  readonly #net: Net;
  readonly #address: PostgresAddress;
  readonly #encrypted: boolean;
  readonly #socket: Socket;
  readonly #client: Client;

  private constructor(net: Net, address: PostgresAddress, encrypted: boolean, socket: Socket) {
    this.#net = net;
    this.#address = address;
    this.#encrypted = encrypted;
    this.#socket = socket;
    const { host, port, user, password, database } = address;
    this.#client = new Client({
      host,
      port,
      user,
      // Whatever is left out here would be taken from the environment or from files.
      password: () => password,
      database,
      application_name: 'fastband',
      client_encoding: 'utf8',
      options: '-c DateStyle=ISO',
      sslnegotiation: 'postgres',
      ssl: encrypted ? { rejectUnauthorized: true, minVersion: 'TLSv1.2' } : false,
      stream: () => adopted(socket),
      // Values as the server writes them: what they become is decided by their type, in one place.
      types: { getTypeParser: () => (value: string) => value },
    });
    // A connection that ends is told to whoever waits for its answer.
    this.#client.on('error', () => {});
  }

  /**
   * Dials only what was checked.
   *
   * @throws FastbandError `url_refused`, `fetch_failed`; what the server says when it refuses
   */
  static async open(net: Net, address: PostgresAddress, signal: AbortSignal): Promise<PostgresSession> {
    const socket = await net.connect(address.host, address.port, signal);
    const session = new PostgresSession(
      net,
      address,
      mustEncrypt(address, socket.remoteAddress ?? ''),
      socket,
    );
    const cut = () => socket.destroy();
    signal.addEventListener('abort', cut, { once: true });
    try {
      await session.#client.connect();
      return session;
    } catch (error) {
      socket.destroy();
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }

  /**
   * Runs one statement of ours or, with `values`, one that the server itself takes for a single one.
   *
   * @throws FastbandError `limit_reached` for an answer that is too large to be held; the server's own errors
   */
  async query(text: string, values?: readonly unknown[]): Promise<Answer> {
    const stream = this.#socket;
    const before = stream.bytesRead;
    let tooLarge = false;
    const watch = setInterval(() => {
      if (stream.bytesRead - before <= MAX_ANSWER) return;
      tooLarge = true;
      stream.destroy();
    }, WATCH_MS);
    try {
      // With values, even none, a text with two statements is refused by the server.
      const result: QueryResult<(string | null)[]> = await this.#client.query({
        text,
        rowMode: 'array',
        ...(values === undefined ? {} : { values: [...values], queryMode: 'extended' }),
      });
      return { ...result, rowCount: result.rowCount ?? 0 };
    } catch (error) {
      if (!tooLarge) throw error;
      throw new FastbandError(
        'limit_reached',
        `One answer of the database was larger than ${MAX_ANSWER / 1024 / 1024} MB. Ask for fewer columns, or for a part of a long value.`,
      );
    } finally {
      clearInterval(watch);
    }
  }

  /** Makes the server stop what it does for this session, and lets go of it. Never throws. */
  async cancel(): Promise<void> {
    try {
      await this.#requestCancel(AbortSignal.timeout(CANCEL_MS));
      await new Promise((resolve) => setTimeout(resolve, REST_MS).unref());
    } catch {
      // Its own time limit ends it then.
    }
    this.#socket.destroy();
  }

  /** Says goodbye, and waits for no answer. */
  end(): void {
    this.#client.end().catch(() => {});
  }

  async #requestCancel(signal: AbortSignal): Promise<void> {
    const { processID, secretKey } = this.#client as Client & { processID?: number; secretKey?: number };
    if (typeof processID !== 'number' || typeof secretKey !== 'number') return;
    const { host, port } = this.#address;
    const socket = await this.#net.connect(host, port, signal);
    socket.on('error', () => {});
    try {
      const channel = this.#encrypted ? await upgraded(socket, host, signal) : socket;
      channel.end(message(CANCEL_REQUEST, processID, secretKey));
      // The server answers by closing, once it has passed the request on.
      await once(channel, 'close', signal);
    } finally {
      socket.destroy();
    }
  }
}

/** pg connects the socket that it is given. This one is connected, to an address that was checked. */
function adopted(socket: Socket): Socket {
  return Object.assign(socket, {
    connect: () => {
      setImmediate(() => socket.emit('connect'));
      return socket;
    },
  });
}

function message(code: number, ...more: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 + 4 * more.length);
  bytes.writeInt32BE(bytes.length, 0);
  for (const [at, one] of [code, ...more].entries()) bytes.writeInt32BE(one | 0, 4 + 4 * at);
  return bytes;
}

/** The key that stops a query is as secret as the query. */
async function upgraded(socket: Socket, host: string, signal: AbortSignal): Promise<Socket> {
  socket.write(message(SSL_REQUEST));
  const [answer] = (await once(socket, 'data', signal)) as [Buffer];
  if (answer.toString('latin1') !== 'S') throw new Error('the server does not encrypt');
  const channel = encrypt({ socket, host, servername: host, rejectUnauthorized: true });
  channel.on('error', () => {});
  await once(channel, 'secureConnect', signal);
  return channel;
}

function once(socket: Socket, event: string, signal: AbortSignal): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const onAbort = () => settle(() => reject(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once(event, (...args: unknown[]) => settle(() => resolve(args)));
    if (event !== 'close')
      socket.once('close', () => settle(() => reject(new Error('the connection was closed'))));
  });
}
