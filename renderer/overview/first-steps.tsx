import { Check, FolderTree, type LucideIcon, MonitorSmartphone, Play } from 'lucide-react';
import { useMessages } from '../shared/language.ts';
import { hrefTo } from '../shared/route.ts';
import styles from './overview-page.module.css';

/** What to do when nothing is set up: a folder, a client, a first question. */
export function FirstSteps({ workspaces, clients }: { workspaces: number; clients: number }) {
  const words = useMessages().overview;
  return (
    <section className={styles.steps} aria-labelledby="first-steps">
      <h2 id="first-steps">{words.firstSteps}</h2>
      <ol>
        <Step
          icon={FolderTree}
          done={workspaces > 0}
          title={words.stepWorkspace}
          text={words.stepWorkspaceText}
          href={hrefTo('workspaces', { add: '1' })}
        />
        <Step
          icon={MonitorSmartphone}
          done={clients > 0}
          title={words.stepClient}
          text={words.stepClientText}
          href={hrefTo('clients', { add: '1' })}
        />
        <Step icon={Play} done={false} title={words.stepAsk} text={words.stepAskText} />
      </ol>
    </section>
  );
}

function Step({
  icon: Icon,
  done,
  title,
  text,
  href,
}: {
  icon: LucideIcon;
  done: boolean;
  title: string;
  text: string;
  href?: string;
}) {
  const words = useMessages().overview;
  return (
    <li className={done ? styles.done : undefined}>
      <span className={styles.stepIcon}>
        {done ? <Check size={16} aria-hidden="true" /> : <Icon size={16} aria-hidden="true" />}
      </span>
      <div>
        <h3>{href === undefined || done ? title : <a href={href}>{title}</a>}</h3>
        <p className={styles.soft}>{done ? words.stepDone : text}</p>
      </div>
    </li>
  );
}
