package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/testenv"
)

// TestBrowser walks the demonstration in Chromium: the form without script, a
// case by keyboard, every page wide and on a phone, in light and dark, with axe.
func TestBrowser(t *testing.T) {
	chromium := testenv.Chromium(t)
	assets, err := filepath.Abs("../web/assets")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(assets, "node_modules", "playwright-core")); err != nil {
		t.Fatalf("the browser's driver is not installed; make does that: %v", err)
	}
	d := &desk{t: t, env: map[string]string{"DATA_DIR": t.TempDir()}}
	d.listen()
	d.process = testenv.Start(t, d.command(context.Background(), "demo", "--calls=8000", "--pace=0.2", "--patience=1h"))
	d.ready()
	testenv.Eventually(t, 120*time.Second, func() bool {
		return len(distinct(caseLine.FindAllString(d.process.Output(), -1))) >= 4
	}, "four cases")
	ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
	defer cancel()
	walk := exec.CommandContext(ctx, "node", "scripts/walk.mjs", d.baseURL, "analyst@demo.example", "demo demo demo")
	walk.Dir = assets
	walk.Env = append(os.Environ(), "CHROMIUM="+chromium)
	out, err := walk.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
