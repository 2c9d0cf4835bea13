/** Follows each warning about a program that can run anything. */
const UNSEEN = 'What it does cannot be seen from here.';

/** What the host and the panel say of calls, rules and grants: one table for both, so that they say the same. */
export const en = {
  /** Titles of approvals. */
  wants: {
    wants: (who: string, what: string) => `${who} wants to ${what}`,
    wantsNothing: (who: string) => `${who} wants to do nothing that changes anything`,
    andMore: (n: number) => `, and ${n} more`,
    at: (path: string, workspace: string) => `${path} in ${workspace}`,
    below: (place: string) => `${place} and all below`,
    within: (workspace: string) => ` in ${workspace}`,
    leftOut: (n: number) => `${n} characters`,
    read: (place: string) => `read ${place}`,
    ops: {
      create: (place: string) => `create ${place}`,
      modify: (place: string) => `change ${place}`,
      delete: (place: string) => `delete ${place}`,
      move: (place: string) => `move ${place}`,
      mkdir: (place: string) => `make the folder ${place}`,
      'git-stage': (place: string) => `stage in ${place}`,
      'git-commit': (place: string) => `commit to ${place}`,
      'git-branch': (place: string) => `make a branch in ${place}`,
      'git-switch': (place: string) => `switch the branch of ${place}`,
      'git-restore': (place: string) => `restore ${place}`,
    },
    run: (command: string, place: string, hasInput: boolean) =>
      `run ${command}${hasInput ? ' with input' : ''} in ${place}`,
    reach: (place: string, method: string, isPlain: boolean) =>
      `reach ${place} (${method}${isPlain ? ', not encrypted' : ''})`,
    send: (place: string, method: string, isPlain: boolean) =>
      `send ${place} ${isPlain ? 'an unencrypted' : 'a'} ${method} request`,
    withSecrets: (what: string, secrets: readonly string[]) =>
      `${what} with the ${secrets.join(' and the ')}`,
    use: (key: string) => `use the ${key}`,
    key: (provider: string) => `${provider} key`,
    secret: (name: string) => `secret ${name}`,
    databases: {
      read: (place: string) => `query the database ${place}`,
      write: (place: string) => `change the database ${place}`,
    },
    many: {
      read: (n: number, within: string) => `read ${n} places${within}`,
      exec: (n: number, within: string) => `run ${n} commands${within}`,
      net: (n: number, within: string) => `reach ${n} hosts${within}`,
      secret: (n: number, within: string) => `use ${n} keys${within}`,
      query: (n: number, within: string) => `query ${n} databases${within}`,
      change: (n: number, within: string) => `change ${n} databases${within}`,
    },
    manyOps: {
      create: (n: number, within: string) => `create ${n} places${within}`,
      modify: (n: number, within: string) => `change ${n} places${within}`,
      delete: (n: number, within: string) => `delete ${n} places${within}`,
      move: (n: number, within: string) => `move ${n} places${within}`,
      mkdir: (n: number, within: string) => `make ${n} folders${within}`,
      'git-stage': (n: number, within: string) => `stage in ${n} places${within}`,
      'git-commit': (n: number, within: string) => `commit to ${n} places${within}`,
      'git-branch': (n: number, within: string) => `make a branch in ${n} places${within}`,
      'git-switch': (n: number, within: string) => `switch the branch of ${n} places${within}`,
      'git-restore': (n: number, within: string) => `restore ${n} places${within}`,
    },
  },
  /** What an answer is remembered for. */
  leave: {
    in: (workspace: string) => ` in ${workspace}`,
    andMore: (list: string, n: number) => `${list} and ${n} more`,
    read: (what: string, where: string) => `read ${what}${where}`,
    write: (ops: readonly string[], what: string, where: string) => `${ops.join(' or ')} ${what}${where}`,
    /** Whatever changes it. */
    change: 'change',
    ops: {
      create: 'create',
      modify: 'change',
      delete: 'delete',
      move: 'move',
      mkdir: 'make the folder',
      'git-stage': 'stage in',
      'git-commit': 'commit to',
      'git-branch': 'make a branch in',
      'git-switch': 'switch the branch of',
      'git-restore': 'restore',
    },
    run: (command: string, hasInput: boolean, where: string) =>
      `run ${command}${hasInput ? ' with exactly that input' : ''}${where}`,
    reach: (hosts: string, ports: string, methods: string) =>
      `reach ${hosts}${ports === '' ? '' : ` on ${ports}`}${methods === '' ? '' : ` (${methods})`}`,
    use: (keys: string) => `use the ${keys}`,
    query: {
      read: (what: string, where: string) => `query ${what}${where}`,
      write: (what: string, where: string) => `change ${what}${where}`,
      any: (what: string, where: string) => `query or change ${what}${where}`,
    },
  },
  /** Why a call asks. */
  reasons: {
    ruleAsks: (isProjects: boolean, client: string | undefined, what: string, note: string) =>
      `${isProjects ? "The project's policy" : 'A rule'} says: ${client ?? 'any client'} must ask to ${what}${note}.`,
    noRule: {
      write: "No rule or grant covers this: a change needs a person's answer.",
      exec: "No rule or grant covers this: a command needs a person's answer.",
      net: "No rule or grant covers this: reaching a host needs a person's answer.",
      secret: "No rule or grant covers this: the use of a key needs a person's answer.",
      query: "No rule or grant covers this: a query needs a person's answer.",
    },
  },
  /** What could mislead, each a line of its own. What it is about is display-safe already. */
  warnings: {
    throughLink: (path: string) => `The path leads through a link; what changes is ${path}.`,
    executable: (path: string) => `${path} is executable.`,
    noCopy: (path: string) => `${path} is too large to keep a copy of: this cannot be undone.`,
    holdsNoCopy: (folder: string) =>
      `${folder} holds a file that is too large to keep a copy of: this cannot be undone.`,
    otherNames: (path: string) => `${path} has other names (hard links); they keep the old content.`,
    unshown: (path: string) => `${path} is binary or very large now: what is replaced cannot be shown.`,
    runByCi: (path: string) => `${path} is run by continuous integration.`,
    holdsCommands: (path: string) => `${path} can hold commands that run later.`,
    startsCommands: (path: string) => `${path} can make an editor or agent run commands.`,
    tellsAgents: (path: string) => `${path} tells agents what to do.`,
    holdsHooks: (path: string) => `${path} can hold git hooks.`,
    changesTools: (path: string) => `${path} changes how a shell or tool behaves.`,
    hiddenFolder: (path: string) => `${path} is in a hidden folder.`,
    shell: (name: string) => `${name} is a shell: it runs whatever its arguments say. ${UNSEEN}`,
    interpreter: (name: string) =>
      `${name} is an interpreter: it runs whatever its arguments or input say. ${UNSEEN}`,
    starter: (name: string) => `${name} can start any other program that its arguments name. ${UNSEEN}`,
    projectRunner: (name: string) => `${name} runs what the project's files tell it to. ${UNSEEN}`,
    manyOptions: (name: string) =>
      `${name} has options that run other programs, or reaches other machines. ${UNSEEN}`,
    script: (name: string) => `${name} is a script. ${UNSEEN}`,
    ownProgram: (name: string) =>
      `${name} is a file of the workspace: it runs whatever is written in it. ${UNSEEN}`,
    linkedFolder: () => 'The working directory leads through a link.',
    foreignLetters: (host: string, shown: string) =>
      `${host} is a name with letters outside a to z, which can look like another name.${shown === '' ? '' : ` It is shown elsewhere as “${shown}”.`}`,
    notEncrypted: () => 'This is not encrypted: everyone on the way can read and change it.',
    leftOut: (n: number) =>
      n === 1
        ? '1 changed file that the rules hide from this client is left out.'
        : `${n} changed files that the rules hide from this client are left out.`,
    holdsSecret: (name: string, line: number) =>
      `What is sent looks like it holds a secret: ${name}, line ${line}.`,
    linkedDatabase: (name: string) => `${name} is reached through a link.`,
    serverChange: () => 'This is a change on a server: Fastband cannot undo it.',
    hiddenCharacters: () =>
      'Some of this holds characters that are normally invisible. They are shown as ⟦…⟧.',
  },
  /** Above what is shown before an answer. */
  titles: {
    page: () => 'Page',
    request: () => 'Request',
    steps: () => 'Steps on the page',
    move: () => 'Move',
    deleteFolder: (folder: string, n: number, bytes: number) =>
      `${n} ${n === 1 ? 'file or folder' : 'files and folders'} in ${folder}, ${bytes} bytes`,
    deleteLink: () => 'A link; what it leads to stays',
    deleteUnshown: () => 'A binary or very large file',
    stage: (n: number) => `Stage ${n} ${n === 1 ? 'file' : 'files'}`,
    unstage: () => 'Take out of the stage',
    branch: () => 'New branch',
    switch: (from: string, to: string, n: number) =>
      `From ${from === '' ? 'nothing' : from} to ${to}: ${n} ${n === 1 ? 'file changes' : 'files change'}`,
    message: (author: string, branch: string) =>
      `Message, as ${author}, on ${branch === '' ? 'no branch' : branch}`,
    models: (tokens: number, candidates: number) =>
      candidates === 1
        ? `To, for an answer of at most ${tokens} tokens`
        : `To the first of these ${candidates} that does not fail, for an answer of at most ${tokens} tokens`,
    images: () => 'Images',
    system: () => 'System',
    prompt: () => 'Prompt',
    schema: () => 'Schema of the answer',
    sql: (database: string) => `SQL on ${database}`,
    parameters: () => 'Parameters',
    files: (n: number) => (n === 1 ? '1 file' : `${n} files`),
  },
};

export type Words = typeof en;
