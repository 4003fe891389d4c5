package evidence

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // the s3:// scheme
	"gocloud.dev/gcerrors"

	"github.com/abusedesk/abusedesk/cases"
)

// Config says where evidence lies and under which keys.
type Config struct {
	// URL is s3://bucket?region=…, file:///path, or empty for the folder
	// "evidence" in DataDir.
	URL     string
	DataDir string
	// Keys seal what is kept from now on (the first) and open what was kept
	// before (all). None leaves envelopes plain.
	Keys []Key
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Vault keeps and opens evidence. It is safe for concurrent use.
type Vault struct {
	bucket *blob.Bucket
	root   string // folder behind the bucket, to be synced; "" elsewhere
	keys   []Key
	now    func() time.Time
}

// Open opens the object store, making the folder of a local one.
func Open(ctx context.Context, c Config) (*Vault, error) {
	v := &Vault{keys: c.Keys, now: c.Now}
	if v.now == nil {
		v.now = time.Now
	}
	var err error
	switch u, parseErr := url.Parse(c.URL); {
	case c.URL == "":
		v.root = filepath.Join(c.DataDir, "evidence")
	case parseErr != nil:
		return nil, fmt.Errorf("blob URL: %w", errors.Unwrap(parseErr)) // the URL may hold credentials
	case u.Scheme == fileblob.Scheme && (u.Host == "" || u.Host == "localhost") && u.Path != "" && u.RawQuery == "":
		v.root = filepath.FromSlash(u.Path)
	case u.Scheme == "s3":
		if v.bucket, err = blob.OpenBucket(ctx, c.URL); err != nil {
			return nil, fmt.Errorf("open the bucket %s: %w", u.Host, err)
		}
		return v, nil
	default:
		return nil, errors.New("the blob URL must be s3://bucket?region=… or file:///folder; leave it empty for the data folder")
	}
	if v.root, err = filepath.Abs(v.root); err != nil {
		return nil, err
	}
	// Metadata files would double the syncs and say nothing that the envelope does not.
	v.bucket, err = fileblob.OpenBucket(v.root, &fileblob.Options{CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, fmt.Errorf("open the evidence folder: %w", err)
	}
	return v, syncPath(filepath.Dir(v.root)) // the folder may be new
}

// Close closes the object store.
func (v *Vault) Close() error { return v.bucket.Close() }

// Keep reads r to its end. Up to cases.InlineEvidence come back sealed in
// Inline; more is streamed to the object store and lies there, synced, when Keep
// returns. More than cases.MaxMessageBytes is cases.KindTooLarge, and what was
// written of it is removed. The memory needed does not depend on the size.
func (v *Vault) Keep(ctx context.Context, r io.Reader) (cases.Kept, error) {
	head, err := io.ReadAll(io.LimitReader(r, cases.InlineEvidence+1))
	if err != nil {
		return cases.Kept{}, fmt.Errorf("read a delivery: %w", err)
	}
	if len(head) <= cases.InlineEvidence {
		var sealed bytes.Buffer
		sealed.Grow(len(head) + envelopeOverhead)
		k, err := v.seal(&sealed, bytes.NewReader(head))
		k.Inline = sealed.Bytes()
		return k, err
	}
	key := v.now().UTC().Format("2006/01/") + strings.ToLower(rand.Text())
	// Only a cancelled context keeps the writer from committing what it has.
	writing, abort := context.WithCancel(ctx)
	defer abort()
	w, err := v.bucket.NewWriter(writing, key, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return cases.Kept{}, unavailable("write evidence", err)
	}
	// Buffered, so that a source of small reads does not cost a system call each.
	buffered := bufio.NewWriterSize(w, chunkSize)
	k, err := v.seal(buffered, io.MultiReader(bytes.NewReader(head), r))
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		abort()
		w.Close()
		return cases.Kept{}, err
	}
	if err := w.Close(); err != nil {
		return cases.Kept{}, unavailable("write evidence", err)
	}
	if err := v.sync(key); err != nil {
		return cases.Kept{}, unavailable("sync evidence", err)
	}
	k.BlobKey = key
	return k, nil
}

// Discard removes what Keep wrote to the object store, before anything refers to
// it; what came back inline is nobody's. It may be gone already.
func (v *Vault) Discard(ctx context.Context, k cases.Kept) error {
	if k.BlobKey == "" {
		return nil
	}
	if err := v.bucket.Delete(ctx, k.BlobKey); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return unavailable("take back evidence", err)
	}
	return nil
}

// seal copies r into an envelope.
func (v *Vault) seal(w io.Writer, r io.Reader) (cases.Kept, error) {
	body, err := v.sealer(w)
	if err != nil {
		return cases.Kept{}, err
	}
	digest := sha256.New()
	n, err := io.Copy(io.MultiWriter(body, digest), io.LimitReader(r, cases.MaxMessageBytes+1))
	if err != nil {
		return cases.Kept{}, fmt.Errorf("keep a delivery: %w", err)
	}
	if n > cases.MaxMessageBytes {
		return cases.Kept{}, &cases.Error{Kind: cases.KindTooLarge, Message: fmt.Sprintf("more than %d MB", cases.MaxMessageBytes>>20)}
	}
	if err := body.Close(); err != nil {
		return cases.Kept{}, fmt.Errorf("keep a delivery: %w", err)
	}
	return cases.Kept{SHA256: hex.EncodeToString(digest.Sum(nil)), Size: n}, nil
}

// sync makes a written file and the names that lead to it survive a power cut:
// gocloud's file driver renames without syncing anything.
func (v *Vault) sync(key string) error {
	if v.root == "" {
		return nil
	}
	path := filepath.Join(v.root, filepath.FromSlash(key))
	for ; len(path) >= len(v.root); path = filepath.Dir(path) {
		if err := syncPath(path); err != nil {
			return err
		}
	}
	return nil
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Open returns the bytes that were kept. The reader ends with an error instead
// of io.EOF when they are not those that k.SHA256 names; whoever acts on the
// bytes reads to the end first. Erased evidence is cases.ErrNotFound.
func (v *Vault) Open(ctx context.Context, k cases.Kept) (io.ReadCloser, error) {
	var sealed io.ReadCloser
	switch {
	case k.BlobKey != "":
		r, err := v.bucket.NewReader(ctx, k.BlobKey, nil)
		if gcerrors.Code(err) == gcerrors.NotFound {
			return nil, &cases.Error{Kind: cases.KindNotFound, Message: "the evidence is no longer there", Err: err}
		}
		if err != nil {
			return nil, unavailable("open evidence", err)
		}
		sealed = r
	case len(k.Inline) > 0:
		sealed = io.NopCloser(bytes.NewReader(k.Inline))
	default:
		return nil, &cases.Error{Kind: cases.KindNotFound, Message: "the evidence is no longer there"}
	}
	body, err := v.opener(sealed)
	if err != nil {
		sealed.Close()
		return nil, fmt.Errorf("evidence %s: %w", k.SHA256, err)
	}
	return &verified{body: body, Closer: sealed, digest: sha256.New(), want: k.SHA256}, nil
}

// verified compares the digest when the end is reached.
type verified struct {
	body io.Reader
	io.Closer
	digest hash.Hash
	want   string
}

// ErrAltered is the end of evidence that is not what was kept.
var ErrAltered = errors.New("the evidence is not what its digest says")

func (r *verified) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.digest.Write(p[:n])
	if err == io.EOF && hex.EncodeToString(r.digest.Sum(nil)) != r.want {
		err = ErrAltered
	}
	return n, err
}

// SweepOrphans removes blobs that are older than olderThan and that known does
// not know: what was written for a delivery whose commit then failed. olderThan
// must lie further back than the longest delivery takes to commit; a day is
// plenty. It returns how many it removed.
func (v *Vault) SweepOrphans(ctx context.Context, known func(key string) (bool, error), olderThan time.Time) (int, error) {
	removed := 0
	list := v.bucket.List(nil)
	for {
		object, err := list.Next(ctx)
		if err == io.EOF {
			return removed, nil
		}
		if err != nil {
			return removed, unavailable("list evidence", err)
		}
		if object.IsDir || !object.ModTime.Before(olderThan) {
			continue
		}
		if used, err := known(object.Key); err != nil || used {
			if err != nil {
				return removed, err
			}
			continue
		}
		if err := v.bucket.Delete(ctx, object.Key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return removed, unavailable("remove an orphan", err)
		}
		removed++
	}
}

func unavailable(what string, err error) error {
	return &cases.Error{Kind: cases.KindUnavailable, Message: what, Err: err}
}
