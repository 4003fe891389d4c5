package evidence_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/evidence"
)

var (
	firstKey  = evidence.Key{1: 1}
	secondKey = evidence.Key{1: 2}
)

func open(t *testing.T, dir string, keys ...evidence.Key) *evidence.Vault {
	t.Helper()
	v, err := evidence.Open(t.Context(), evidence.Config{DataDir: dir, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestKeepAndOpenAreInverse(t *testing.T) {
	for name, keys := range map[string][]evidence.Key{"plain": nil, "encrypted": {firstKey}} {
		t.Run(name, func(t *testing.T) {
			v := open(t, t.TempDir(), keys...)
			for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, cases.InlineEvidence, cases.InlineEvidence + 1, 5 << 20, 5<<20 + 3} {
				raw := random(size)
				var body io.Reader = bytes.NewReader(raw)
				if size < 1<<20 {
					body = iotest.OneByteReader(body)
				}
				k, err := v.Keep(t.Context(), body)
				if err != nil {
					t.Fatal(err)
				}
				sum := sha256.Sum256(raw)
				if k.SHA256 != hex.EncodeToString(sum[:]) || k.Size != int64(size) {
					t.Errorf("%d bytes: digest %s, size %d", size, k.SHA256, k.Size)
				}
				if inline := k.Inline != nil; inline != (size <= cases.InlineEvidence) || inline == (k.BlobKey != "") {
					t.Errorf("%d bytes: inline %v, blob %q", size, inline, k.BlobKey)
				}
				if keys != nil && size > 100 && bytes.Contains(k.Inline, raw[:100]) {
					t.Errorf("%d bytes lie in the clear", size)
				}
				r, err := v.Open(t.Context(), k)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				if err != nil || !bytes.Equal(got, raw) {
					t.Errorf("%d bytes: read %d bytes, %v", size, len(got), err)
				}
				r.Close()
			}
		})
	}
}

func TestOlderKeysAndPlainEnvelopesStayReadable(t *testing.T) {
	dir := t.TempDir()
	raw := random(cases.InlineEvidence + 10)
	var kept []cases.Kept
	for _, v := range []*evidence.Vault{open(t, dir), open(t, dir, firstKey), open(t, dir, secondKey, firstKey)} {
		k, err := v.Keep(t.Context(), bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, k)
	}
	for i, k := range kept {
		r, err := open(t, dir, secondKey, firstKey).Open(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("envelope %d: %v", i, err)
		}
	}
	if _, err := open(t, dir, secondKey).Open(t.Context(), kept[1]); err == nil || !strings.Contains(err.Error(), "not configured") {
		t.Errorf("without its key: %v", err)
	}
}

func TestAlteredEvidenceIsRefusedAtItsEnd(t *testing.T) {
	for name, keys := range map[string][]evidence.Key{"plain": nil, "encrypted": {firstKey}} {
		for what, alter := range map[string]func([]byte) []byte{
			"a bit flipped":          func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
			"cut off":                func(b []byte) []byte { return b[:len(b)-10] },
			"cut at a chunk":         func(b []byte) []byte { return b[:12+32+2*(64<<10+16)] },
			"continued":              func(b []byte) []byte { return append(b, 'x') },
			"nothing after the head": func(b []byte) []byte { return b[:44] },
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				v := open(t, t.TempDir(), keys...)
				k, err := v.Keep(t.Context(), bytes.NewReader(random(200<<10)))
				if err != nil {
					t.Fatal(err)
				}
				k.Inline = alter(k.Inline)
				r, err := v.Open(t.Context(), k)
				if err == nil {
					_, err = io.ReadAll(r)
				}
				if err == nil {
					t.Error("read without an error")
				}
			})
		}
	}
}

func TestErasedEvidenceIsNotFound(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	k, err := v.Keep(t.Context(), bytes.NewReader(random(1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "evidence", k.BlobKey)); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []cases.Kept{k, {SHA256: k.SHA256}} {
		if _, err := v.Open(t.Context(), gone); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	}
}

// zeros is an endless delivery.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestWhatIsTooLargeOrBreaksOffLeavesNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		body io.Reader
		want error
	}{
		"endless":    {zeros{}, cases.ErrTooLarge},
		"breaks off": {io.MultiReader(bytes.NewReader(random(1<<20)), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF},
		"at once":    {iotest.ErrReader(io.ErrUnexpectedEOF), io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := open(t, dir).Keep(t.Context(), tc.body); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if left := files(t, dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestKeepNeedsLittleMemory(t *testing.T) {
	v := open(t, t.TempDir(), firstKey)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := v.Keep(t.Context(), io.LimitReader(zeros{}, 50<<20)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("keeping 50 MB allocated %d KB", used>>10)
	}
}

func TestSweepOrphansTakesOldUnknownBlobsOnly(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	keys := map[string]string{}
	for _, name := range []string{"used", "orphan", "fresh"} {
		k, err := v.Keep(t.Context(), bytes.NewReader(random(1<<20)))
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = k.BlobKey
		if name != "fresh" {
			old := time.Now().Add(-48 * time.Hour)
			if err := os.Chtimes(filepath.Join(dir, "evidence", k.BlobKey), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	asked := errors.New("the database is away")
	yesterday := time.Now().Add(-24 * time.Hour)
	if n, err := v.SweepOrphans(t.Context(), func(string) (bool, error) { return false, asked }, yesterday); n != 0 || !errors.Is(err, asked) {
		t.Errorf("with an error: %d, %v", n, err)
	}
	n, err := v.SweepOrphans(t.Context(), func(key string) (bool, error) { return key == keys["used"], nil }, yesterday)
	if n != 1 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	for name, want := range map[string]bool{"used": true, "orphan": false, "fresh": true} {
		_, err := os.Stat(filepath.Join(dir, "evidence", keys[name]))
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenRefusesOtherStores(t *testing.T) {
	for _, u := range []string{"mem://", "gs://bucket", "file://host/x", "file://", "s3://%zz:secret@b"} {
		_, err := evidence.Open(context.Background(), evidence.Config{URL: u})
		if err == nil {
			t.Errorf("%s was opened", u)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error repeats the URL: %v", err)
		}
	}
	if _, err := evidence.Open(t.Context(), evidence.Config{URL: "file://" + t.TempDir()}); err != nil {
		t.Error(err)
	}
}

func TestParseKeys(t *testing.T) {
	keys, err := evidence.ParseKeys(strings.Repeat("0a", 32) + "  " + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	if err != nil || len(keys) != 2 || keys[0][31] != 0x0a || keys[1] != (evidence.Key{}) {
		t.Errorf("got %v, %v", keys, err)
	}
	for _, bad := range []string{"hunter2", "0a0b"} {
		if _, err := evidence.ParseKeys(bad); err == nil || strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
