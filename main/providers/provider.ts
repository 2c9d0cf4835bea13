import type { Provider as ProviderName } from '../../contract/keys.ts';

export interface ModelImage {
  readonly mimeType: string;
  /** Base64. */
  readonly data: string;
}

export interface ModelRequest {
  readonly model: string;
  readonly system?: string;
  readonly prompt: string;
  readonly images: readonly ModelImage[];
  readonly maxTokens: number;
  /** JSON schema that the answer must follow. */
  readonly schema?: Readonly<Record<string, unknown>>;
}

export interface Usage {
  readonly input: number;
  readonly output: number;
}

export interface ModelAnswer {
  readonly text: string;
  readonly usage: Usage;
  /** Why it ended, in the provider's word. */
  readonly stop: string;
}

/** What a provider is reached with, for one call. */
export interface Connection {
  readonly key: string;
  /** Its address, from the settings. */
  readonly baseUrl: string;
  /** Through the URL guard. */
  readonly fetch: typeof globalThis.fetch;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  /** Called with each piece of text as it comes. */
  readonly onText: (piece: string) => void;
  /** Called when the provider tells what was used so far: it is charged also when the answer breaks off. */
  readonly onUsage: (usage: Usage) => void;
}

/** One AI provider, through its own SDK. */
export interface ModelProvider {
  readonly name: ProviderName;
  complete(connection: Connection, request: ModelRequest, options: CallOptions): Promise<ModelAnswer>;
  listModels(connection: Connection, signal: AbortSignal): Promise<readonly string[]>;
}
