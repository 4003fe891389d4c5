package intake

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// data holds the words and marks of each language, so that a rule of thumb can
// be read, discussed and extended without reading code.
//
//go:embed data
var data embed.FS

// The lists whose phrases are looked for in every text.
const (
	bookCategory  = "categories.txt"
	bookPretext   = "pretexts.txt"
	bookReporter  = "reporters.txt"
	bookLanguage  = "languages.txt"
	bookRole      = "roles.txt"
	bookBrand     = "impersonated.txt"
	bookLane      = "lanes.txt"
	bookMoney     = "money.txt"
	bookTraceback = "traceback.txt"
	bookSaid      = "transcripts.txt"
	bookAnswer    = "answers.txt"
)

var books = []string{bookCategory, bookPretext, bookReporter, bookLanguage, bookRole, bookBrand, bookLane, bookMoney, bookTraceback, bookSaid, bookAnswer}

// lexicon is everything that data holds, ready to be used. It is never changed.
type lexicon struct {
	phrases    map[string][]*phrase // of all books, by their first word
	count      int
	occurrence map[string][]string
	counts     map[string]int // number words of occurrences.txt
	time       map[string][]timeWord
	zones      map[string][2]int
	quotes     map[string][]string
	spelled    map[string]spelledWord
	pretexts   []string
}

var current = func() *atomic.Pointer[lexicon] {
	l, err := newLexicon(nil)
	if err != nil {
		panic("intake: " + err.Error()) // a fault of the build
	}
	var p atomic.Pointer[lexicon]
	p.Store(l)
	return &p
}()

func lex() *lexicon { return current.Load() }

// Extend adds an operator's own word lists to those that are built in: files of
// the names in intake/data, with the same kinds of lines. A line that begins with
// "-" takes the line behind it out of the built-in list. Files of other names
// are an error, as are those that are no UTF-8: a list that silently does
// nothing helps nobody. It is for program start and holds for all reports read
// from then on; nil takes the extension back.
func Extend(dir fs.FS) error {
	l, err := newLexicon(dir)
	if err != nil {
		return fmt.Errorf("word lists: %w", err)
	}
	current.Store(l)
	return nil
}

// Pretexts lists the stories that are told apart, an operator's own among them.
func Pretexts() []string { return slices.Clone(lex().pretexts) }

func newLexicon(dir fs.FS) (*lexicon, error) {
	if dir != nil {
		own, err := fs.Glob(dir, "*.txt")
		if err != nil {
			return nil, err
		}
		for _, name := range own {
			if _, err := fs.Stat(data, "data/"+name); err != nil {
				return nil, fmt.Errorf("%s: there is no list of this name", name)
			}
		}
	}
	l := &lexicon{phrases: map[string][]*phrase{}}
	var problems []error
	read := func(name string) map[string][]string {
		marks, err := readMarks(dir, name)
		if err != nil {
			problems = append(problems, err)
		}
		return marks
	}
	for _, book := range books {
		marks := read(book)
		l.addBook(book, marks)
		if book == bookPretext {
			for kind := range marks {
				l.pretexts = append(l.pretexts, strings.ReplaceAll(kind, "_", " "))
			}
			slices.Sort(l.pretexts)
		}
	}
	l.occurrence, l.quotes = read("occurrences.txt"), read("quotes.txt")
	l.counts = map[string]int{}
	for key, words := range l.occurrence {
		if n, err := strconv.Atoi(key); err == nil {
			for _, w := range words {
				l.counts[fold(w)] = n
			}
		}
	}
	l.time, l.zones, l.spelled = readTimeWords(read("times.txt")), readZones(read("zones.txt")), readSpelled(read("spelled.txt"))
	return l, errors.Join(problems...)
}

// readMarks reads a list of "kind text" lines, the operator's after our own;
// empty lines and those that begin with # count for nothing.
func readMarks(dir fs.FS, name string) (map[string][]string, error) {
	content, err := data.ReadFile("data/" + name)
	if err != nil {
		return nil, err
	}
	if dir != nil {
		own, err := fs.ReadFile(dir, name)
		switch {
		case err == nil:
			content = slices.Concat(content, []byte("\n"), own)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	if strings.ToValidUTF8(string(content), "") != string(content) {
		return nil, fmt.Errorf("%s: not UTF-8", name)
	}
	out := map[string][]string{}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		line, remove := strings.CutPrefix(line, "-")
		kind, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		text = strings.TrimSpace(text)
		if remove {
			out[kind] = slices.DeleteFunc(out[kind], func(s string) bool { return s == text })
			continue
		}
		out[kind] = append(out[kind], text)
	}
	return out, nil
}

func readZones(marks map[string][]string) map[string][2]int {
	out := map[string][2]int{}
	for region, lines := range marks {
		if len(lines) == 0 {
			continue
		}
		low, high, _ := strings.Cut(lines[len(lines)-1], " ")
		l, _ := strconv.Atoi(low)
		h, _ := strconv.Atoi(high)
		out[region] = [2]int{l, h}
	}
	return out
}
