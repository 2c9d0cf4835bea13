import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';

export function RulesPage() {
  const m = useMessages();
  return <PageTitle title={m.pages.rules} />;
}
