/** What a person puts into a client so that it finds Fastband. `file` is where; without it, a command to run. */
export interface SetUp {
  readonly id: string;
  readonly name: string;
  readonly file?: string;
  readonly text: string;
}

/**
 * How each of the usual clients is told of the server.
 *
 * @param name - the client's name, for what can be named
 * @param address - the server's, for those that speak HTTP
 */
export function setUps(address: string, token: string): readonly SetUp[] {
  const header = `Authorization: Bearer ${token}`;
  const json = (value: unknown) => JSON.stringify(value, null, 2);
  return [
    {
      id: 'claude-code',
      name: 'Claude Code',
      text: `claude mcp add --transport http fastband ${address} --header "${header}"`,
    },
    {
      id: 'cursor',
      name: 'Cursor',
      file: '~/.cursor/mcp.json',
      text: json({
        mcpServers: { fastband: { url: address, headers: { Authorization: `Bearer ${token}` } } },
      }),
    },
    {
      id: 'vscode',
      name: 'VS Code',
      file: '.vscode/mcp.json',
      text: json({
        servers: {
          fastband: { type: 'http', url: address, headers: { Authorization: `Bearer ${token}` } },
        },
      }),
    },
    {
      id: 'codex',
      name: 'Codex',
      file: '~/.codex/config.toml',
      text: `[mcp_servers.fastband]\nurl = "${address}"\nhttp_headers = { "Authorization" = "Bearer ${token}" }`,
    },
    {
      id: 'stdio',
      name: 'Claude Desktop',
      file: 'claude_desktop_config.json',
      text: json({
        mcpServers: {
          fastband: { command: 'fastband', args: ['stdio'], env: { FASTBAND_TOKEN: token } },
        },
      }),
    },
  ];
}

/** The set-up that a client's name speaks of, else the first. */
export function likelySetUp(name: string): string {
  const plain = name.toLowerCase();
  const found = ['cursor', 'codex'].find((id) => plain.includes(id));
  if (found !== undefined) return found;
  if (/vs ?code|copilot/.test(plain)) return 'vscode';
  return plain.includes('desktop') ? 'stdio' : 'claude-code';
}
