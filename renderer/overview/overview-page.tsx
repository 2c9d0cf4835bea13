import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';

export function OverviewPage() {
  const m = useMessages();
  return <PageTitle title={m.pages.overview} />;
}
