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
}

/**
 * Shapes of keys, from the providers' own documentation of their prefixes and lengths. Each is linear: no nested
 * repetition, a bounded or single run of one character class. More particular shapes come first.
 */
const SHAPES: readonly Shape[] = [
  {
    name: 'private key',
    pattern:
      /-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,16000}?(?:-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----|$)/g,
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
    pattern: /\beyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{16,2000}/g,
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
  const text = (value: string): string => maskShapes(maskValues(value, secrets()));
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

/** What looks like a key in a text: its kind, line (from 1), and the line with it masked. */
export function findSecrets(text: string): { name: string; line: number; excerpt: string }[] {
  if (!HINT.test(text)) return [];
  const found = new Map<string, { name: string; line: number; excerpt: string }>();
  const lines = text.split('\n');
  for (const { name, pattern } of SHAPES) {
    // Everyday code and documentation are full of these two; a commit is not stopped for them.
    if (name === 'authorization') continue;
    for (const match of text.matchAll(pattern)) {
      if (isPlaceholder(match[0])) continue;
      const line = text.slice(0, match.index).split('\n').length;
      const key = `${line}`;
      if (!found.has(key))
        found.set(key, {
          name,
          line,
          excerpt: maskShapes(lines[line - 1] ?? '')
            .trim()
            .slice(0, 200),
        });
    }
  }
  return [...found.values()].sort((a, b) => a.line - b.line);
}

function isPlaceholder(value: string): boolean {
  return (
    /x{8,}|your[_-]|example|placeholder|\*{4,}|\.{3,}|0{12,}/i.test(value) ||
    new Set(value).size < 6 ||
    /^\$\{|^\{\{|^<|^(?:password|pass|secret|user|postgres|root|test)$/i.test(value)
  );
}

function maskShapes(value: string): string {
  if (!HINT.test(value)) return value;
  let masked = value;
  for (const { name, pattern } of SHAPES)
    masked = masked.replace(
      pattern,
      (secret) => `[${name} …${name === 'private key' ? '' : lastOf(secret)}]`,
    );
  return masked;
}

/** Enough to tell two keys apart, and never more than a sixth of one. */
function lastOf(secret: string): string {
  return secret.length >= 24 ? secret.slice(-4) : '';
}

/** The text with these very values masked, also where they are written in base64, in a URL or in JSON. */
export function maskValues(value: string, secrets: readonly string[]): string {
  let masked = value;
  const longestFirst = secrets.length > 1 ? secrets.toSorted((a, b) => b.length - a.length) : secrets;
  for (const secret of longestFirst) {
    // A shorter one would turn ordinary text to holes, and say of itself where it stood.
    if (secret.length < 6) continue;
    for (const form of [
      secret,
      Buffer.from(secret).toString('base64'),
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
    ]) {
      if (masked.includes(form)) masked = masked.replaceAll(form, '[secret]');
    }
  }
  return masked;
}
