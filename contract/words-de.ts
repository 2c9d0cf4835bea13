import type { Words } from './words-en.ts';

const UNSEEN = 'Was geschieht, ist von hier aus nicht zu sehen.';

export const de: Words = {
  wants: {
    wants: (who, what) => `${who} möchte ${what}`,
    wantsNothing: (who) => `${who} möchte nichts tun, was etwas ändert`,
    andMore: (n) => `, und ${n} mehr`,
    at: (path, workspace) => `${path} in ${workspace}`,
    below: (place) => `${place} samt allem darunter`,
    within: (workspace) => ` in ${workspace}`,
    leftOut: (n) => `${n} Zeichen`,
    read: (place) => `${place} lesen`,
    ops: {
      create: (place) => `${place} erstellen`,
      modify: (place) => `${place} ändern`,
      delete: (place) => `${place} löschen`,
      move: (place) => `${place} verschieben`,
      mkdir: (place) => `den Ordner ${place} anlegen`,
      'git-stage': (place) => `in ${place} vormerken`,
      'git-commit': (place) => `in ${place} committen`,
      'git-branch': (place) => `in ${place} einen Branch anlegen`,
      'git-switch': (place) => `den Branch von ${place} wechseln`,
      'git-restore': (place) => `${place} wiederherstellen`,
    },
    run: (command, place, hasInput) => `${command}${hasInput ? ' mit Eingabe' : ''} in ${place} ausführen`,
    reach: (place, method, isPlain) => `${place} erreichen (${method}${isPlain ? ', unverschlüsselt' : ''})`,
    send: (place, method, isPlain) =>
      `eine ${isPlain ? 'unverschlüsselte ' : ''}${method}-Anfrage an ${place} senden`,
    withSecrets: (what, secrets) => `${what} und dafür ${secrets.join(' und ')} verwenden`,
    use: (key) => `${key} verwenden`,
    key: (provider) => `den Schlüssel für ${provider}`,
    secret: (name) => `das Geheimnis ${name}`,
    databases: {
      read: (place) => `die Datenbank ${place} abfragen`,
      write: (place) => `die Datenbank ${place} ändern`,
    },
    many: {
      read: (n, within) => `${n} Stellen${within} lesen`,
      exec: (n, within) => `${n} Befehle${within} ausführen`,
      net: (n, within) => `${n} Hosts${within} erreichen`,
      secret: (n, within) => `${n} Schlüssel${within} verwenden`,
      query: (n, within) => `${n} Datenbanken${within} abfragen`,
      change: (n, within) => `${n} Datenbanken${within} ändern`,
    },
    manyOps: {
      create: (n, within) => `${n} Stellen${within} erstellen`,
      modify: (n, within) => `${n} Stellen${within} ändern`,
      delete: (n, within) => `${n} Stellen${within} löschen`,
      move: (n, within) => `${n} Stellen${within} verschieben`,
      mkdir: (n, within) => `${n} Ordner${within} anlegen`,
      'git-stage': (n, within) => `an ${n} Stellen${within} vormerken`,
      'git-commit': (n, within) => `an ${n} Stellen${within} committen`,
      'git-branch': (n, within) => `an ${n} Stellen${within} einen Branch anlegen`,
      'git-switch': (n, within) => `den Branch von ${n} Stellen${within} wechseln`,
      'git-restore': (n, within) => `${n} Stellen${within} wiederherstellen`,
    },
  },
  leave: {
    in: (workspace) => ` in ${workspace}`,
    andMore: (list, n) => `${list} und ${n} mehr`,
    read: (what, where) => `${what}${where} lesen`,
    write: (ops, what, where) => `${what}${where} ${ops.join(' oder ')}`,
    change: 'ändern',
    ops: {
      create: 'erstellen',
      modify: 'ändern',
      delete: 'löschen',
      move: 'verschieben',
      mkdir: 'als Ordner anlegen',
      'git-stage': 'vormerken',
      'git-commit': 'committen',
      'git-branch': 'einen Branch anlegen',
      'git-switch': 'den Branch wechseln',
      'git-restore': 'wiederherstellen',
    },
    run: (command, hasInput, where) =>
      `${command}${hasInput ? ' mit genau dieser Eingabe' : ''}${where} ausführen`,
    reach: (hosts, ports, methods) =>
      `${hosts}${ports === '' ? '' : `, Port ${ports},`} erreichen${methods === '' ? '' : ` (${methods})`}`,
    use: (keys) => `${keys} verwenden`,
    query: {
      read: (what, where) => `${what}${where} abfragen`,
      write: (what, where) => `${what}${where} ändern`,
      any: (what, where) => `${what}${where} abfragen oder ändern`,
    },
  },
  reasons: {
    ruleAsks: (isProjects, client, what, note) =>
      `${isProjects ? 'Die Regeln des Projekts sagen' : 'Eine Regel sagt'}: ${client ?? 'jeder Client'} muss fragen, um Folgendes zu tun: ${what}${note}.`,
    noRule: {
      write: 'Keine Regel und keine Erlaubnis deckt das ab: Eine Änderung braucht Ihre Antwort.',
      exec: 'Keine Regel und keine Erlaubnis deckt das ab: Ein Befehl braucht Ihre Antwort.',
      net: 'Keine Regel und keine Erlaubnis deckt das ab: Einen Host zu erreichen braucht Ihre Antwort.',
      secret:
        'Keine Regel und keine Erlaubnis deckt das ab: Einen Schlüssel zu verwenden braucht Ihre Antwort.',
      query: 'Keine Regel und keine Erlaubnis deckt das ab: Eine Abfrage braucht Ihre Antwort.',
    },
  },
  warnings: {
    throughLink: (path) => `Der Pfad führt über einen Link; geändert wird ${path}.`,
    executable: (path) => `${path} ist ausführbar.`,
    noCopy: (path) => `${path} ist zu groß für eine Kopie: Das lässt sich nicht rückgängig machen.`,
    holdsNoCopy: (folder) =>
      `${folder} enthält eine Datei, die zu groß für eine Kopie ist: Das lässt sich nicht rückgängig machen.`,
    otherNames: (path) => `${path} hat weitere Namen (harte Links); unter ihnen bleibt der alte Inhalt.`,
    unshown: (path) => `${path} ist jetzt binär oder sehr groß: Was ersetzt wird, lässt sich nicht zeigen.`,
    runByCi: (path) => `${path} wird von der kontinuierlichen Integration ausgeführt.`,
    holdsCommands: (path) => `${path} kann Befehle enthalten, die später laufen.`,
    startsCommands: (path) => `${path} kann einen Editor oder Agenten Befehle ausführen lassen.`,
    tellsAgents: (path) => `${path} sagt Agenten, was sie tun sollen.`,
    holdsHooks: (path) => `${path} kann Git-Hooks enthalten.`,
    changesTools: (path) => `${path} ändert, wie eine Shell oder ein Werkzeug sich verhält.`,
    hiddenFolder: (path) => `${path} liegt in einem versteckten Ordner.`,
    shell: (name) => `${name} ist eine Shell: Sie führt aus, was in ihren Argumenten steht. ${UNSEEN}`,
    interpreter: (name) =>
      `${name} ist ein Interpreter: Er führt aus, was in seinen Argumenten oder seiner Eingabe steht. ${UNSEEN}`,
    starter: (name) =>
      `${name} kann jedes andere Programm starten, das in seinen Argumenten steht. ${UNSEEN}`,
    projectRunner: (name) => `${name} führt aus, was in den Dateien des Projekts steht. ${UNSEEN}`,
    manyOptions: (name) =>
      `${name} kann über Optionen andere Programme ausführen oder erreicht andere Rechner. ${UNSEEN}`,
    script: (name) => `${name} ist ein Skript. ${UNSEEN}`,
    ownProgram: (name) =>
      `${name} ist eine Datei des Arbeitsordners: Ausgeführt wird, was in ihr steht. ${UNSEEN}`,
    linkedFolder: () => 'Der Ordner, in dem der Befehl läuft, führt über einen Link.',
    foreignLetters: (host, shown) =>
      `${host} ist ein Name mit Buchstaben außerhalb von a bis z, der wie ein anderer aussehen kann.${shown === '' ? '' : ` Anderswo wird er als „${shown}“ gezeigt.`}`,
    notEncrypted: () => 'Das ist nicht verschlüsselt: Alle auf dem Weg können es lesen und ändern.',
    leftOut: (n) =>
      n === 1
        ? '1 geänderte Datei, die die Regeln vor diesem Client verbergen, bleibt außen vor.'
        : `${n} geänderte Dateien, die die Regeln vor diesem Client verbergen, bleiben außen vor.`,
    holdsSecret: (name, line) =>
      `Was gesendet wird, enthält anscheinend ein Geheimnis: ${name}, Zeile ${line}.`,
    linkedDatabase: (name) => `${name} wird über einen Link erreicht.`,
    serverChange: () => 'Das ist eine Änderung auf einem Server: Fastband kann sie nicht rückgängig machen.',
    hiddenCharacters: () => 'Hierin stehen Zeichen, die sonst unsichtbar sind. Sie werden als ⟦…⟧ gezeigt.',
  },
  titles: {
    page: () => 'Seite',
    request: () => 'Anfrage',
    steps: () => 'Schritte auf der Seite',
    move: () => 'Verschieben',
    deleteFolder: (folder, n, bytes) =>
      `${n} ${n === 1 ? 'Datei oder Ordner' : 'Dateien und Ordner'} in ${folder}, ${bytes} Byte`,
    deleteLink: () => 'Ein Link; wohin er führt, bleibt',
    deleteUnshown: () => 'Eine binäre oder sehr große Datei',
    stage: (n) => `${n} ${n === 1 ? 'Datei' : 'Dateien'} vormerken`,
    unstage: () => 'Nicht mehr vormerken',
    branch: () => 'Neuer Branch',
    switch: (from, to, n) =>
      `Von ${from === '' ? 'nichts' : from} zu ${to}: ${n} ${n === 1 ? 'Datei ändert' : 'Dateien ändern'} sich`,
    message: (author, branch) =>
      `Nachricht, als ${author}, ${branch === '' ? 'auf keinem Branch' : `auf ${branch}`}`,
    models: (tokens, candidates) =>
      candidates === 1
        ? `An, für eine Antwort von höchstens ${tokens} Token`
        : `An den ersten dieser ${candidates}, der nicht scheitert, für eine Antwort von höchstens ${tokens} Token`,
    images: () => 'Bilder',
    system: () => 'System',
    prompt: () => 'Prompt',
    schema: () => 'Schema der Antwort',
    sql: (database) => `SQL an ${database}`,
    parameters: () => 'Parameter',
    files: (n) => (n === 1 ? '1 Datei' : `${n} Dateien`),
  },
};
