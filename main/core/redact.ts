/** Masks what must not be written down. */
export interface Redactor {
  /** The text with every secret masked. */
  text(value: string): string;
  /** A JSON value with every secret in it masked, and every value under a name that says it is one. */
  json<T>(value: T): T;
}

interface Shape {
  readonly name: string;
  readonly pattern: RegExp;
  /** Where within a match the secret begins; one in which this is not found is none. */
  readonly begins?: RegExp;
}

/**
 * Shapes of keys, from the providers' own documentation of their prefixes and lengths. Each is linear: no nested
 * repetition, a short or single run of one character class, and no long run that is gone through again from each of its
 * characters: a client chooses the text, and everything waits while it is looked at. More particular shapes come first.
 */
const SHAPES: readonly Shape[] = [
  {
    name: 'private key',
    pattern:
      /-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,16000}?(?:-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----|(?=-----BEGIN )|$)/g,
  },
  { name: 'Fastband token', pattern: /\bfb_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g },
  { name: 'Anthropic key', pattern: /\bsk-ant-[A-Za-z0-9_-]{20,200}/g },
  { name: 'OpenAI key', pattern: /\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,200}/g },
  { name: 'Google key', pattern: /\bAIza[A-Za-z0-9_-]{35}/g },
  { name: 'Google OAuth token', pattern: /\bya29\.[A-Za-z0-9_-]{20,400}/g },
  { name: 'AWS key id', pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g },
  {
    name: 'AWS secret',
    pattern: /(?<=aws.{0,20}secret.{0,20}[=:]\s{0,5}["']?)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/gi,
  },
  { name: 'GitHub token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})/g },
  { name: 'GitLab token', pattern: /\bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{20,100}/g },
  { name: 'Slack token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,200}|\bxapp-[A-Za-z0-9-]{20,200}/g },
  { name: 'Slack webhook', pattern: /hooks\.slack\.com\/(?:services|workflows)\/[A-Za-z0-9/_-]{20,200}/g },
  {
    name: 'Discord webhook',
    pattern: /discord(?:app)?\.com\/api\/webhooks\/\d{15,25}\/[A-Za-z0-9_-]{40,100}/g,
  },
  {
    name: 'Stripe key',
    pattern: /\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,200}|\bwhsec_[A-Za-z0-9+/=]{24,100}/g,
  },
  { name: 'Twilio key', pattern: /\bSK[0-9a-f]{32}\b/g },
  { name: 'SendGrid key', pattern: /\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,60}/g },
  { name: 'Mailgun key', pattern: /\bkey-[0-9a-f]{32}\b/g },
  { name: 'npm token', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { name: 'PyPI token', pattern: /\bpypi-[A-Za-z0-9_-]{50,250}/g },
  { name: 'Hugging Face token', pattern: /\bhf_[A-Za-z0-9]{30,60}\b/g },
  { name: 'Groq key', pattern: /\bgsk_[A-Za-z0-9]{40,80}\b/g },
  { name: 'xAI key', pattern: /\bxai-[A-Za-z0-9]{60,120}\b/g },
  { name: 'Perplexity key', pattern: /\bpplx-[A-Za-z0-9]{40,80}\b/g },
  { name: 'DigitalOcean token', pattern: /\bdo[opr]_v1_[0-9a-f]{64}\b/g },
  { name: 'Shopify token', pattern: /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b/g },
  { name: 'Linear key', pattern: /\blin_api_[A-Za-z0-9]{32,60}\b/g },
  { name: 'Databricks token', pattern: /\bdapi[0-9a-f]{32}\b/g },
  { name: 'Supabase key', pattern: /\bsb(?:p|_secret)_[A-Za-z0-9_]{20,80}\b/g },
  { name: 'Azure storage key', pattern: /(?<=AccountKey=)[A-Za-z0-9+/]{86}==/g },
  { name: 'age key', pattern: /\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b/g },
  {
    name: 'JSON web token',
    // From the beginning of the run, however long: "-eyJ-eyJ-eyJ…" has a word's beginning at each.
    pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{11,}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{16,2000}/g,
    begins: /\beyJ[A-Za-z0-9_-]{8}/,
  },
  {
    name: 'password in a URL',
    pattern: /(?<=\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/?#@]{0,200}:)[^\s/@]{1,200}(?=@)/gi,
  },
  { name: 'authorization', pattern: /(?<=\b(?:bearer|basic)\s{1,4})[A-Za-z0-9._~+/=-]{16,2000}/gi },
];

/** One look that most texts fail, so that the shapes are tried on few. */
const HINT =
  /PRIVATE KEY|fb_|sk-|AIza|ya29|A(?:KI|SI|BI|CC)A|aws|gh[pousr]_|github_pat|gl(?:pat|dt|rt|cbt|ptt|ft|soat)-|xox|xapp|hooks\.slack|webhooks|[sr]k_|whsec|SK[0-9a-f]|SG\.|key-|npm_|pypi-|hf_|gsk_|xai-|pplx-|_v1_|shp|lin_api|dapi|sbp?_|AccountKey|AGE-SECRET|eyJ|:\/\/|bearer|basic/i;

const SECRET_NAME =
  /^(?:.*[_-])?(?:pass(?:word|wd|phrase)?|pwd|secrets?|tokens?|api[_-]?keys?|apikeys?|private[_-]?keys?|access[_-]?keys?|client[_-]?secret|authorization|cookies?|credentials?)$/i;

/**
 * @param secrets - values that must never show, whatever they look like; asked each time, as they change
 */
export function createRedactor(secrets: () => readonly string[]): Redactor {
  let known: readonly string[] = [];
  let forms: readonly string[] = [];
  const text = (value: string): string => {
    const now = secrets();
    if (now.length !== known.length || now.some((one, i) => one !== known[i])) {
      known = now;
      forms = formsOf(now);
    }
    return mask(value, [...formsIn(value, forms), ...shapesIn(value)]);
  };
  const json = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > 64) return '[too deep]';
    if (Array.isArray(value)) return value.map((one) => json(one, depth + 1));
    const masked: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(value)) {
      const hide = typeof field === 'string' && field !== '' && SECRET_NAME.test(key);
      Object.defineProperty(masked, text(key), {
        value: hide ? '[hidden]' : json(field, depth + 1),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return masked;
  };
  return { text, json: <T>(value: T) => json(value, 0) as T };
}

/** What looks like a key in a text: its kind, line (from 1), and the line with it masked. One for each line. */
export function findSecrets(text: string): { name: string; line: number; excerpt: string }[] {
  if (!HINT.test(text)) return [];
  const found = new Map<number, { name: string; line: number; excerpt: string }>();
  const lines = text.split('\n');
  for (const { name, pattern, begins } of SHAPES) {
    // Everyday code and documentation are full of these two; a commit is not stopped for them.
    if (name === 'authorization') continue;
    // Matches come in order: lines are counted on from the one before.
    let line = 1;
    let counted = 0;
    for (const match of text.matchAll(pattern)) {
      const at = match.index + startOf(match[0], begins);
      for (
        let next = text.indexOf('\n', counted);
        next !== -1 && next < at;
        next = text.indexOf('\n', counted)
      ) {
        line++;
        counted = next + 1;
      }
      if (at < match.index || isPlaceholder(text.slice(at, match.index + match[0].length)) || found.has(line))
        continue;
      found.set(line, { name, line, excerpt: excerptOf(lines[line - 1] ?? '') });
    }
  }
  return [...found.values()].sort((a, b) => a.line - b.line);
}

/** A line with every key in it masked, as far as it is shown. */
function excerptOf(line: string): string {
  return mask(line, shapesIn(line)).trim().slice(0, 200);
}

/** Where in a match the secret begins; -1: it holds none. */
function startOf(match: string, begins: RegExp | undefined): number {
  return begins === undefined ? 0 : match.search(begins);
}

function isPlaceholder(value: string): boolean {
  return (
    /x{8,}|your[_-]|example|placeholder|\*{4,}|\.{3,}|0{12,}/i.test(value) ||
    new Set(value).size < 6 ||
    /^\$\{|^\{\{|^<|^(?:password|pass|secret|user|postgres|root|test)$/i.test(value)
  );
}

interface Found {
  /** Of the shape; undefined for a value that is known. */
  readonly name: string | undefined;
  readonly from: number;
  readonly to: number;
}

/**
 * All is looked for in the text as it came, and what overlaps is masked as one: a short key that happens to stand within
 * a longer one would else be masked alone, and leave the rest of the longer one no shape to be known by.
 */
function mask(value: string, found: readonly Found[]): string {
  if (found.length === 0) return value;
  let masked = '';
  let done = 0;
  for (const { name, from, to } of joined(found)) {
    const shown = name === undefined ? '[secret]' : `[${name} …${lastOf(name, value.slice(from, to))}]`;
    masked += value.slice(done, from) + shown;
    done = to;
  }
  return masked + value.slice(done);
}

/** Those that overlap as one, by the name of the first; of a known value nothing is told, so that it has none. */
function joined(found: readonly Found[]): Found[] {
  const all: Found[] = [];
  // Of two that begin together the more particular shape names them: the sort keeps their order.
  for (const one of [...found].sort((a, b) => a.from - b.from)) {
    const before = all.at(-1);
    if (before === undefined || one.from >= before.to) all.push(one);
    else
      all[all.length - 1] = {
        name: one.name === undefined ? undefined : before.name,
        from: before.from,
        to: Math.max(before.to, one.to),
      };
  }
  return all;
}

function shapesIn(value: string): Found[] {
  if (!HINT.test(value)) return [];
  const found: Found[] = [];
  for (const { name, pattern, begins } of SHAPES)
    for (const { 0: match, index } of value.matchAll(pattern)) {
      const at = startOf(match, begins);
      if (at >= 0) found.push({ name, from: index + at, to: index + match.length });
    }
  return found;
}

function formsIn(value: string, forms: readonly string[]): Found[] {
  const found: Found[] = [];
  for (const form of forms) {
    let from = value.indexOf(form);
    while (from !== -1) {
      let to = from + form.length;
      // Two that share a part are masked whole; many of those in a row are one.
      let next = value.indexOf(form, from + 1);
      for (; next !== -1 && next < to; next = value.indexOf(form, next + 1)) to = next + form.length;
      found.push({ name: undefined, from, to });
      from = next;
    }
  }
  return found;
}

/** Enough to tell two keys apart, and never more than a sixth of one. */
function lastOf(name: string, secret: string): string {
  return secret.length >= 24 && name !== 'private key' ? secret.slice(-4) : '';
}

/** The text with these very values masked, also where they are written in base64, in a URL or in JSON. */
export function maskValues(value: string, secrets: readonly string[]): string {
  return mask(value, formsIn(value, formsOf(secrets)));
}

/** How these values may be written. */
function formsOf(secrets: readonly string[]): string[] {
  return (
    secrets
      // A shorter one would turn ordinary text to holes, and say of itself where it stood.
      .filter((secret) => secret.length >= 6)
      .flatMap((secret) => [
        secret,
        Buffer.from(secret).toString('base64'),
        encodeURIComponent(secret),
        JSON.stringify(secret).slice(1, -1),
      ])
  );
}
