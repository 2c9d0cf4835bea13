import { useInfiniteQuery } from '@tanstack/react-query';
import { Columns2, Images, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { PictureInfo, PictureList } from '../../contract/pictures.ts';
import { Confirm } from '../shared/dialog.tsx';
import { useFormat } from '../shared/format.ts';
import { ask, type HostError } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { Button, Empty, Failed, Loading } from '../shared/parts.tsx';
import { useCommand } from '../shared/query.ts';
import { useHashParams } from '../shared/route.ts';
import { toast } from '../shared/toast.tsx';
import { BrowserLine } from './browser-line.tsx';
import { ComparePictures } from './compare-pictures.tsx';
import styles from './gallery-page.module.css';
import { Grid } from './grid.tsx';
import { PictureView } from './picture-view.tsx';

/** As many as are asked for at once. */
const PAGE = 60;

/** Every picture that clients made, for the person alone. */
export function GalleryPage() {
  const m = useMessages();
  const words = m.gallery;
  const { bytes } = useFormat();
  const [params, setParams] = useHashParams();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [deleting, setDeleting] = useState<PictureInfo | 'all'>();
  const list = usePictures();
  const remove = useCommand('pictures.delete');
  const clear = useCommand('pictures.clear');
  const pictures = list.data?.pages.flatMap((page) => page.pictures) ?? [];
  const [first] = list.data?.pages ?? [];
  const byId = (id: string | null | undefined) => pictures.find((one) => one.id === id);
  const shown = byId(params.get('picture'));
  const [a, b] = (params.get('compare') ?? '').split('.').map(byId);
  const pair = chosen.filter((id) => byId(id) !== undefined);

  const choose = (id: string, on: boolean) =>
    // A third takes the place of the one that was chosen first.
    setChosen(on ? [...pair, id].slice(-2) : pair.filter((one) => one !== id));
  const confirmed = () => {
    if (deleting === undefined) return;
    const work =
      deleting === 'all'
        ? clear.mutateAsync({}).then(({ removed }) => words.deletedAll(removed))
        : remove.mutateAsync({ id: deleting.id }).then(() => words.deleted);
    setDeleting(undefined);
    setParams({ picture: undefined, compare: undefined });
    work.then(toast.done, toast.failed);
  };

  return (
    <>
      <PageTitle
        title={m.pages.gallery}
        note={
          first === undefined || first.total === 0 ? undefined : words.count(first.total, bytes(first.bytes))
        }
        actions={
          pictures.length > 0 && (
            <Button
              look="primary"
              icon={Columns2}
              disabled={pair.length < 2}
              title={words.compareHint}
              onClick={() => setParams({ compare: pair.join('.') })}
            >
              {words.compare}
            </Button>
          )
        }
      />
      <BrowserLine />
      {list.isError && <Failed error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading lines={6} />}
      {list.data !== undefined && pictures.length === 0 && (
        <Empty icon={Images} title={words.none}>
          <p>{words.noneText}</p>
        </Empty>
      )}
      {pictures.length > 0 && (
        <Grid
          pictures={pictures}
          chosen={pair}
          onChoose={choose}
          onOpen={(id) => setParams({ picture: id })}
          onDelete={setDeleting}
        />
      )}
      {pictures.length > 0 && (
        <p className={styles.more}>
          {list.hasNextPage && (
            <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {words.more}
            </Button>
          )}
          <Button icon={Trash2} onClick={() => setDeleting('all')}>
            {words.deleteAll}
          </Button>
        </p>
      )}
      {shown !== undefined && (
        <PictureView
          picture={shown}
          pictures={pictures}
          onShow={(id) => setParams({ picture: id })}
          onDelete={() => setDeleting(shown)}
          onClose={() => setParams({ picture: undefined })}
        />
      )}
      {a !== undefined && b !== undefined && (
        <ComparePictures
          first={a}
          second={b}
          onSwap={() => setParams({ compare: `${b.id}.${a.id}` })}
          onClose={() => setParams({ compare: undefined })}
        />
      )}
      <Confirm
        open={deleting !== undefined}
        onClose={() => setDeleting(undefined)}
        onConfirm={confirmed}
        title={deleting === 'all' ? words.deleteAllTitle(first?.total ?? 0) : words.deleteOne}
        verb={words.delete}
      >
        {words.deleteText}
      </Confirm>
    </>
  );
}

function usePictures() {
  return useInfiniteQuery<PictureList, HostError, { pages: PictureList[] }, string[], number | undefined>({
    queryKey: ['pictures.list'],
    queryFn: ({ pageParam }) =>
      ask('pictures.list', { limit: PAGE, ...(pageParam === undefined ? {} : { cursor: pageParam }) }),
    initialPageParam: undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
}
