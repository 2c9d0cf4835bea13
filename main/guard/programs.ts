/**
 * Programs whose arguments, input or folder can make them run anything. A rule or grant for one of them must name the
 * exact argv. Judged by the name that was given and by the name of the file behind it, so neither a link called `ls`
 * that leads to a shell, nor a shell that is called through another name, passes for something harmless.
 */
const OPEN: readonly { readonly names: readonly string[]; readonly why: string }[] = [
  {
    names: ['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'fish', 'csh', 'tcsh', 'ash', 'elvish', 'nu', 'xonsh', 'pwsh', 'powershell', 'cmd', 'busybox', 'toybox', 'rbash'],
    why: 'is a shell: it runs whatever its arguments say.',
  },
  {
    names: ['python', 'pypy', 'node', 'nodejs', 'deno', 'bun', 'ruby', 'irb', 'perl', 'php', 'lua', 'luajit', 'tclsh', 'wish', 'expect', 'rscript', 'r', 'julia', 'java', 'jshell', 'groovy', 'scala', 'kotlin', 'clojure', 'clj', 'elixir', 'iex', 'erl', 'escript', 'guile', 'racket', 'sbcl', 'ghci', 'runghc', 'swift', 'osascript', 'tsx', 'ts-node', 'ipython', 'jupyter', 'awk', 'gawk', 'mawk', 'nawk', 'sed', 'gsed', 'ed', 'ex', 'bc', 'dc', 'jq', 'm4', 'gnuplot', 'octave', 'sqlite3', 'psql', 'mysql', 'mongosh', 'redis-cli', 'dotnet'],
    why: 'is an interpreter: it runs whatever its arguments or input say.',
  },
  {
    names: ['env', 'xargs', 'sudo', 'doas', 'su', 'runuser', 'nohup', 'timeout', 'gtimeout', 'nice', 'ionice', 'chrt', 'taskset', 'time', 'stdbuf', 'unbuffer', 'setsid', 'script', 'watch', 'parallel', 'entr', 'flock', 'chroot', 'unshare', 'nsenter', 'setpriv', 'capsh', 'systemd-run', 'dbus-run-session', 'strace', 'ltrace', 'gdb', 'lldb', 'valgrind', 'perf', 'faketime', 'fakeroot', 'proot', 'firejail', 'bwrap', 'rlwrap', 'screen', 'tmux', 'xvfb-run', 'ld.so', 'ld-linux-x86-64.so.2', 'ld-linux.so.2', 'command', 'exec', 'eval', 'find', 'fd', 'fdfind', 'rg', 'direnv', 'dotenv', 'cross-env', 'concurrently', 'nodemon', 'wsl', 'start-stop-daemon', 'run-parts', 'at', 'batch', 'crontab', 'systemctl', 'launchctl'],
    why: 'can start any other program that its arguments name.',
  },
  {
    names: ['npm', 'npx', 'pnpm', 'pnpx', 'yarn', 'yarnpkg', 'bunx', 'corepack', 'make', 'gmake', 'bmake', 'ninja', 'just', 'task', 'rake', 'bundle', 'gem', 'pip', 'pipx', 'uv', 'uvx', 'poetry', 'pdm', 'hatch', 'tox', 'nox', 'pytest', 'cargo', 'go', 'gradle', 'gradlew', 'mvn', 'mvnw', 'ant', 'sbt', 'lein', 'mix', 'composer', 'cmake', 'ctest', 'meson', 'bazel', 'buck2', 'pants', 'turbo', 'nx', 'lerna', 'vite', 'vitest', 'jest', 'mocha', 'webpack', 'rollup', 'eslint', 'tsc', 'gulp', 'grunt', 'stack', 'cabal', 'nix', 'nix-shell', 'nix-build', 'conda', 'mamba', 'brew', 'apt', 'apt-get', 'dpkg', 'yum', 'dnf', 'pacman', 'snap', 'pre-commit', 'husky', 'act', 'ansible', 'ansible-playbook', 'terraform', 'tofu', 'pulumi', 'vagrant', 'packer', 'gcc', 'g++', 'cc', 'c++', 'clang', 'clang++', 'rustc', 'ld'],
    why: "runs what the project's files tell it to.",
  },
  {
    names: ['git', 'gh', 'hub', 'hg', 'svn', 'ssh', 'scp', 'sftp', 'rsync', 'docker', 'docker-compose', 'podman', 'nerdctl', 'kubectl', 'helm', 'oc', 'lxc', 'vim', 'vi', 'view', 'nvim', 'emacs', 'nano', 'less', 'more', 'man', 'tar', 'bsdtar', 'zip', 'unzip', '7z', 'cpio', 'pax', 'split', 'sort', 'openssl', 'nc', 'ncat', 'netcat', 'socat', 'telnet', 'curl', 'wget', 'aria2c', 'tcpdump', 'wireshark', 'tshark', 'nmap', 'code', 'cursor', 'subl', 'open', 'xdg-open', 'start', 'rundll32', 'mshta', 'wscript', 'cscript', 'regsvr32', 'wmic', 'msbuild', 'claude', 'codex', 'gemini', 'aider'],
    why: 'has options that run other programs, or reaches other machines.',
  },
];

const BY_NAME = new Map(OPEN.flatMap(({ names, why }) => names.map((name) => [name, why] as const)));

/**
 * Why a program can run anything, as a sentence; undefined when it is not known to.
 *
 * @param given - base name as the caller wrote it
 * @param real - base name of the file behind it
 */
export function openProgram(given: string, real: string): string | undefined {
  for (const name of [real, given]) {
    const plain = name.toLowerCase().replace(/\.(?:exe|cmd|bat|com|ps1)$/, '');
    // python3.11, gcc-12, lua5.4, clang++-15: the version at the end changes nothing.
    const why = BY_NAME.get(plain) ?? BY_NAME.get(plain.replace(/[-_.]?\d[\d.]*$/, ''));
    if (why !== undefined) return `${name} ${why}`;
    if (/\.(?:sh|bash|zsh|py|js|mjs|cjs|ts|rb|pl|php|lua|ps1|bat|cmd)$/i.test(name)) return `${name} is a script.`;
  }
  return undefined;
}
