package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// neverChanged are tables whose rows stay as they were written: like the audit log,
// but without a chain.
var neverChanged = []string{"identity_materials"}

// ArchiveMaterial keeps a file under its digest, and that it was served at an
// address: what was served there last is seen again, another one begins anew. It
// counts as a fetch that worked.
func (s *Store) ArchiveMaterial(ctx context.Context, now time.Time, m cases.IdentityMaterial) (cases.IdentityMaterial, error) {
	now = stored(now)
	sum := sha256.Sum256(m.Content)
	m.SHA256, m.FirstSeen, m.LastSeen = hex.EncodeToString(sum[:]), now, now
	err := s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Exec("INSERT INTO identity_materials (sha256, kind, content, first_seen) VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING", m.SHA256, m.Kind, m.Content, now).Error
		if err != nil {
			return err
		}
		// One address at a time: whoever else fetched it waits for this row.
		err = tx.Exec(`INSERT INTO identity_fetches (kind, address, failures, error, tried_at, next_at) VALUES (?, ?, 0, '', ?, ?)
			ON CONFLICT (kind, address) DO UPDATE SET failures = 0, error = '', tried_at = excluded.tried_at, next_at = excluded.next_at`, m.Kind, text(m.Address), now, now.Add(cases.MinMaterialCache)).Error
		if err != nil {
			return err
		}
		var last []struct {
			ID        int64
			SHA256    string `gorm:"column:sha256"`
			FirstSeen moment
			LastSeen  moment
		}
		err = tx.Raw("SELECT id, sha256, first_seen, last_seen FROM identity_sightings WHERE kind = ? AND address = ? ORDER BY id DESC LIMIT 1", m.Kind, text(m.Address)).Scan(&last).Error
		if err != nil {
			return err
		}
		if len(last) == 1 && last[0].SHA256 == m.SHA256 {
			m.FirstSeen = last[0].FirstSeen.Time
			if last[0].LastSeen.After(now) {
				m.LastSeen = last[0].LastSeen.Time
				return nil
			}
			return tx.Exec("UPDATE identity_sightings SET last_seen = ? WHERE id = ?", now, last[0].ID).Error
		}
		return tx.Exec("INSERT INTO identity_sightings (kind, address, sha256, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)", m.Kind, text(m.Address), m.SHA256, now, now).Error
	})
	if err != nil {
		return m, fmt.Errorf("archive %s of %s: %w", m.Kind, m.Address, err)
	}
	return m, nil
}

// Materials lists what was served at an address, without contents, the latest
// first, at most cases.DefaultPage.
func (s *Store) Materials(ctx context.Context, kind cases.MaterialKind, address string) ([]cases.IdentityMaterial, error) {
	var rows []struct {
		SHA256    string `gorm:"column:sha256"`
		FirstSeen moment
		LastSeen  moment
	}
	err := s.read(ctx).Raw("SELECT sha256, first_seen, last_seen FROM identity_sightings WHERE kind = ? AND address = ? ORDER BY id DESC LIMIT ?", kind, text(address), cases.DefaultPage).Scan(&rows).Error
	out := make([]cases.IdentityMaterial, len(rows))
	for i, r := range rows {
		out[i] = cases.IdentityMaterial{Kind: kind, Address: address, SHA256: r.SHA256, FirstSeen: r.FirstSeen.Time, LastSeen: r.LastSeen.Time}
	}
	return out, translate(err)
}

// MaterialContent returns a file by its digest.
func (s *Store) MaterialContent(ctx context.Context, sum string) ([]byte, error) {
	var content []byte
	err := s.read(ctx).Raw("SELECT content FROM identity_materials WHERE sha256 = ?", text(sum)).Row().Scan(&content)
	return content, translate(err)
}

// MaterialFetch says how the last attempts at an address went; zero: there was none.
func (s *Store) MaterialFetch(ctx context.Context, kind cases.MaterialKind, address string) (cases.MaterialFetch, error) {
	var f []cases.MaterialFetch
	err := s.read(ctx).Raw("SELECT failures, error, tried_at, next_at FROM identity_fetches WHERE kind = ? AND address = ?", kind, text(address)).Scan(&f).Error
	if err != nil || len(f) == 0 {
		return cases.MaterialFetch{}, translate(err)
	}
	f[0].TriedAt, f[0].NextAt = f[0].TriedAt.UTC(), f[0].NextAt.UTC()
	return f[0], nil
}

// FetchFailed counts a failure and puts the next attempt off, see cases.NextFetch.
func (s *Store) FetchFailed(ctx context.Context, now time.Time, kind cases.MaterialKind, address, cause string) error {
	now = stored(now)
	err := s.write(ctx, func(tx *gorm.DB) error {
		var n int
		err := tx.Raw(`INSERT INTO identity_fetches (kind, address, failures, error, tried_at, next_at) VALUES (?, ?, 1, ?, ?, ?)
			ON CONFLICT (kind, address) DO UPDATE SET failures = identity_fetches.failures + 1, error = excluded.error, tried_at = excluded.tried_at RETURNING failures`,
			kind, text(address), text(cause), now, now).Scan(&n).Error
		if err != nil {
			return err
		}
		return tx.Exec("UPDATE identity_fetches SET next_at = ? WHERE kind = ? AND address = ?", stored(cases.NextFetch(now, n)), kind, text(address)).Error
	})
	if err != nil {
		return fmt.Errorf("note a failed fetch of %s: %w", address, err)
	}
	return nil
}

// FirstToken keeps the sighting unless the token was seen before, and returns the
// first one.
func (s *Store) FirstToken(ctx context.Context, t cases.TokenSighting) (cases.TokenSighting, error) {
	var first []struct {
		Call       string
		FromNumber string
		ToNumber   string
		At         moment
	}
	err := s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Exec("INSERT INTO identity_tokens (digest, call, from_number, to_number, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
			t.Digest, text(t.Call), text(t.From), text(t.To), stored(t.At)).Error
		if err != nil {
			return err
		}
		return tx.Raw("SELECT call, from_number, to_number, at FROM identity_tokens WHERE digest = ?", t.Digest).Scan(&first).Error
	})
	if err != nil || len(first) == 0 {
		return t, translate(err)
	}
	return cases.TokenSighting{Digest: t.Digest, Call: first[0].Call, From: first[0].FromNumber, To: first[0].ToNumber, At: first[0].At.Time}, nil
}

// markIdentity keeps what the latest look at a report says of who signed its calls,
// and which addresses it waits for: what is counted is a column.
func markIdentity(tx *gorm.DB, now time.Time, reportID int64, fs []cases.Finding) error {
	if !slices.ContainsFunc(fs, func(f cases.Finding) bool {
		return f.Kind == cases.FindingIdentity || f.Kind == cases.FindingCorroboration
	}) {
		return nil
	}
	for _, table := range []string{"identity_marks", "identity_waits"} {
		if err := tx.Exec("DELETE FROM "+table+" WHERE report_id = ?", reportID).Error; err != nil {
			return err
		}
	}
	var marks, waits [][]any
	for _, f := range fs {
		x := f.Data.Identity
		if f.Kind != cases.FindingIdentity || x == nil {
			continue
		}
		if f.Incomplete {
			for _, a := range x.Awaiting {
				waits = append(waits, []any{reportID, cases.MaterialChain, text(a)}, []any{reportID, cases.MaterialCRL, text(a)})
			}
		}
		spc, origid, attest, at := "", "", "", now
		if codes := x.SPCs(); len(codes) > 0 {
			spc = codes[0]
		}
		if x.Token != nil {
			origid, attest = x.Token.OrigID, x.Token.Attest
		}
		if f.WindowFrom != nil {
			at = *f.WindowFrom
		}
		marks = append(marks, []any{reportID, short(spc), short(origid), short(attest), f.Verdict, x.Proven && spc != "" && origid != "", stored(at)})
	}
	if _, err := insert(tx, "identity_marks (report_id, spc, origid, attest, verdict, proven, signed_at)", marks, ""); err != nil {
		return err
	}
	_, err := insert(tx, "identity_waits (report_id, kind, address)", waits, "ON CONFLICT DO NOTHING")
	return err
}

// RecheckIdentity asks anew for the enrichment of reports that wait for a
// certificate or a revocation list whose address may be asked again, or that
// was fetched since, at most limit, and says how many. A report is looked at
// recheckAtMost times; one whose enrichment is under way, or died, is left alone.
func (s *Store) RecheckIdentity(ctx context.Context, now time.Time, limit int) (int, error) {
	var ids []int64
	err := s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Raw(`SELECT DISTINCT w.report_id FROM identity_waits w JOIN identity_fetches f ON f.kind = w.kind AND f.address = w.address
			WHERE (f.failures = 0 OR f.next_at <= ?)
			AND (SELECT count(*) FROM findings g WHERE g.report_id = w.report_id AND g.kind = ?) < ?
			AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = ? AND j.object_id = w.report_id AND j.state IN ('pending', 'enqueued', 'running', 'dead'))
			LIMIT ?`, stored(now), cases.FindingIdentity, recheckAtMost, cases.JobEnrich, limit).Scan(&ids).Error
		if err != nil {
			return err
		}
		jobs := make([]cases.Job, 0, len(ids))
		for _, id := range ids {
			jobs = append(jobs, cases.Job{Kind: cases.JobEnrich, ObjectID: id})
		}
		return insertJobs(tx, now, jobs)
	})
	return len(ids), err
}

// identityFacts sums up how the calls of a case were signed, by the newest look at
// each of its reports, and what we signed for the account without a right.
func identityFacts(tx *gorm.DB, now time.Time, caseID int64, f *cases.Facts) error {
	var rows []struct {
		Verdict cases.IdentityVerdict
		Attest  string
		SPC     string `gorm:"column:spc"`
		N       int
	}
	err := tx.Raw(`SELECT m.verdict, m.attest, m.spc, count(*) AS n FROM links l JOIN identity_marks m ON m.report_id = l.report_id WHERE l.case_id = ? GROUP BY m.verdict, m.attest, m.spc`,
		caseID).Scan(&rows).Error
	if err != nil {
		return err
	}
	out := cases.IdentityFacts{}
	if p := f.Parties; p != nil && p.Originating != "" {
		err := tx.Raw("SELECT coalesce(sum(without_right), 0) FROM attestation_audits WHERE account_id = ? AND hour > ?", p.Originating, stored(now.Add(-trafficShown))).Scan(&out.SignedA).Error
		if err != nil {
			return err
		}
	}
	attest, spc := map[string]int{}, map[string]int{}
	for _, r := range rows {
		if out.Verdicts == nil {
			out.Verdicts = map[cases.IdentityVerdict]int{}
		}
		out.Verdicts[r.Verdict] += r.N
		if r.Verdict == cases.IdentityValid {
			attest[r.Attest] += r.N
			spc[r.SPC] += r.N
		}
	}
	for _, v := range cases.IdentityVerdicts() {
		if out.Verdicts[v] > out.Verdicts[out.Verdict] {
			out.Verdict = v
		}
	}
	out.Attest, out.SPC = mostOf(attest), mostOf(spc)
	if out.Known() || out.SignedA > 0 {
		f.Identity = &out
	}
	return nil
}

// mostOf is the key with the highest count, the first in order of several.
func mostOf(n map[string]int) string {
	best := ""
	for k := range n {
		if best == "" || n[k] > n[best] || n[k] == n[best] && k < best {
			best = k
		}
	}
	return best
}

// SignerClusters lists what several cases share a signer and an originating
// identifier of, most cases first; of one case, when caseID is not 0, all that
// its reports prove. Only good signatures that lead to the trust list count.
func (s *Store) SignerClusters(ctx context.Context, caseID int64, limit int) ([]cases.SignerCluster, error) {
	var out []cases.SignerCluster
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		cond, args := "WHERE m.proven", []any{}
		having := "HAVING count(DISTINCT l.case_id) > 1"
		if caseID != 0 {
			cond, args, having = cond+" AND (m.spc, m.origid) IN (SELECT x.spc, x.origid FROM links y JOIN identity_marks x ON x.report_id = y.report_id WHERE y.case_id = ? AND x.proven)", []any{caseID}, ""
		}
		var rows []struct {
			SPC     string `gorm:"column:spc"`
			OrigID  string `gorm:"column:origid"`
			Cases   int
			Reports int
			First   moment
			Last    moment
		}
		err := tx.Raw(`SELECT m.spc, m.origid, count(DISTINCT l.case_id) AS cases, count(DISTINCT m.report_id) AS reports, min(m.signed_at) AS first, max(m.signed_at) AS last
			FROM identity_marks m JOIN links l ON l.report_id = m.report_id `+cond+` GROUP BY m.spc, m.origid `+having+`
			ORDER BY count(DISTINCT l.case_id) DESC, max(m.signed_at) DESC, m.spc, m.origid LIMIT ?`, append(args, limit)...).Scan(&rows).Error
		if err != nil {
			return err
		}
		out = make([]cases.SignerCluster, len(rows))
		for i, r := range rows {
			out[i] = cases.SignerCluster{SPC: r.SPC, OrigID: r.OrigID, Cases: r.Cases, Reports: r.Reports, First: r.First.Time, Last: r.Last.Time}
			err := tx.Raw(`SELECT c.ref FROM cases c WHERE c.id IN (SELECT l.case_id FROM identity_marks m JOIN links l ON l.report_id = m.report_id WHERE m.proven AND m.spc = ? AND m.origid = ?)
				ORDER BY c.id DESC LIMIT ?`, r.SPC, r.OrigID, cases.MaxClusterRefs).Scan(&out[i].Refs).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}
