package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed static
var staticFiles embed.FS

//go:embed templates
var templateFiles embed.FS

// errNoAssets is what a server says that was compiled without its built assets.
var errNoAssets = errors.New("style and script are not built into this binary: run `make assets` (or `make build`) and compile again")

// assets are the built style and script files, found by their logical names ("app.css").
type assets struct {
	files  fs.FS
	hashed map[string]string
}

// loadAssets reads manifest.json from static, the folder that `npm run build` in web/assets fills.
func loadAssets(static fs.FS) (*assets, error) {
	raw, err := fs.ReadFile(static, "manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoAssets
	}
	if err != nil {
		return nil, fmt.Errorf("asset manifest: %w", err)
	}
	a := &assets{files: static}
	if err := json.Unmarshal(raw, &a.hashed); err != nil {
		return nil, fmt.Errorf("asset manifest: %w", err)
	}
	for _, name := range []string{"app.css", "public.css", "form.css", "app.js", "public.js", "form.js", "work.js", "widget.css", "widget.js", "embed.js"} {
		if a.hashed[name] == "" {
			return nil, fmt.Errorf("asset manifest names no %s: run `make assets`", name)
		}
	}
	return a, nil
}

// path is the URL of an asset; its name changes with its content, so that it may be cached for ever.
func (a *assets) path(name string) (string, error) {
	hashed, ok := a.hashed[name]
	if !ok {
		return "", fmt.Errorf("no asset %q in the manifest", name)
	}
	return "/assets/" + hashed, nil
}

// ServeHTTP serves the files below /assets/. Names carry a hash, so caches may keep them for a year.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/assets/")
	if name == "manifest.json" || strings.HasPrefix(name, ".") || strings.Contains(name, "/") {
		http.NotFound(w, r)
		return
	}
	if _, err := fs.Stat(a.files, name); err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, a.files, name)
}
