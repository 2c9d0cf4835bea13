import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';

export function ClientsPage() {
  const m = useMessages();
  return <PageTitle title={m.pages.clients} />;
}
