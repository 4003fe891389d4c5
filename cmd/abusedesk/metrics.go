package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/mailbox"
	"github.com/abusedesk/abusedesk/restrict"
	"github.com/abusedesk/abusedesk/store"
)

// metrics is what the program says of itself to Prometheus. Labels are
// routes, kinds and outcomes, never tokens, numbers or addresses.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	policy   *prometheus.HistogramVec
	jobs     *prometheus.HistogramVec
	loops    *prometheus.CounterVec
	loopErrs *prometheus.CounterVec
	mails    *prometheus.CounterVec
	lag      *prometheus.GaugeVec
	lastMail *prometheus.GaugeVec
	keeperC  *prometheus.CounterVec
	webhooks *prometheus.CounterVec
}

var fine = []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "abusedesk_http_request_seconds", Help: "Time to answer a request.", Buckets: fine}, []string{"route", "method", "status"}),
		policy:   prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "abusedesk_policy_seconds", Help: "Time to decide one outbound call.", Buckets: fine}, []string{"action", "reason"}),
		jobs:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "abusedesk_job_seconds", Help: "Time of one attempt at a job.", Buckets: prometheus.DefBuckets}, []string{"kind", "outcome"}),
		loops:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "abusedesk_loop_items_total", Help: "What the relay and the schedules took care of."}, []string{"loop"}),
		loopErrs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "abusedesk_loop_errors_total", Help: "Rounds of the relay and the schedules that failed."}, []string{"loop"}),
		mails:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "abusedesk_mailbox_messages_total", Help: "Mails committed."}, []string{"mailbox"}),
		lag:      prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "abusedesk_mailbox_waiting", Help: "Mails in the mailbox that are not committed yet."}, []string{"mailbox"}),
		lastMail: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "abusedesk_mailbox_last_success_timestamp_seconds", Help: "When the mailbox was last read without an error."}, []string{"mailbox"}),
		keeperC:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "abusedesk_policy_snapshot_events_total", Help: "What befell the snapshot that answers, and answers by fail mode."}, []string{"event"}),
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "abusedesk_webhook_attempts_total", Help: "Attempts to deliver an event to a webhook."}, []string{"outcome"}),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m.requests, m.policy, m.jobs, m.loops,
		m.loopErrs, m.mails, m.lag, m.lastMail, m.keeperC, m.webhooks)
	return m
}

// tracebacks counts, when Prometheus asks, the traceback answers that are owed.
func (m *metrics) tracebacks(s *store.Store) {
	m.registry.MustRegister(tracebackCounter{s})
}

var (
	tracebacksOwed = prometheus.NewDesc("abusedesk_tracebacks_owed", "Traceback cases to which an answer with a limit is owed.", nil, nil)
	tracebacksLate = prometheus.NewDesc("abusedesk_tracebacks_overdue", "Those of them whose limit has passed.", nil, nil)
)

// tracebackCounter implements prometheus.Collector. A database that does not
// answer leaves the figures out rather than stale.
type tracebackCounter struct{ store *store.Store }

func (tracebackCounter) Describe(ch chan<- *prometheus.Desc) {
	ch <- tracebacksOwed
	ch <- tracebacksLate
}

func (c tracebackCounter) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	owed, late, err := c.store.Tracebacks(ctx, time.Now())
	if err != nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(tracebacksOwed, prometheus.GaugeValue, float64(owed))
	ch <- prometheus.MustNewConstMetric(tracebacksLate, prometheus.GaugeValue, float64(late))
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Request implements web.Observer.
func (m *metrics) Request(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

// Policy implements web.Observer.
func (m *metrics) Policy(action, reason string, took time.Duration) {
	m.policy.WithLabelValues(action, reason).Observe(took.Seconds())
}

// JobDone implements workers.Observer.
func (m *metrics) JobDone(kind cases.JobKind, outcome string, took time.Duration) {
	m.jobs.WithLabelValues(string(kind), outcome).Observe(took.Seconds())
}

// Loop implements workers.Observer.
func (m *metrics) Loop(name string, n int, err error) {
	m.loops.WithLabelValues(name).Add(float64(n))
	if err != nil {
		m.loopErrs.WithLabelValues(name).Inc()
	}
}

// keeper counts for a restrict.Keeper.
func (m *metrics) keeper(c restrict.Counter) { m.keeperC.WithLabelValues(string(c)).Inc() }

// webhook counts for a notify.Caller.
func (m *metrics) webhook(outcome string) { m.webhooks.WithLabelValues(outcome).Inc() }

// mailbox follows the reading of a mailbox.
func (m *metrics) mailbox(s mailbox.Status) {
	m.mails.WithLabelValues(s.Mailbox).Add(float64(s.Received))
	m.lag.WithLabelValues(s.Mailbox).Set(float64(s.Behind))
	if s.Owner && s.Err == nil {
		m.lastMail.WithLabelValues(s.Mailbox).SetToCurrentTime()
	}
}
