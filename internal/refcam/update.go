package refcam

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

// Vendor header of an image, 256 bytes, big-endian:
//
//	  0  magic "LUMIFW1\n"
//	  8  length of the payload, which begins at headerSize
//	 12  CRC-32 (IEEE) of the payload
//	 16  model, 32 bytes, padded with 0
//	 48  version, 32 bytes, padded with 0
//	 80  reserved, 112 bytes of 0
//	192  Ed25519 signature over bytes 0 to 191 and the payload
const (
	headerMagic = "LUMIFW1\n"
	headerSize  = 256
	signedHead  = 192
	maxUpdate   = 8 << 20
)

// updateState is what the web shows about the version.
type updateState struct {
	Installed string     `json:"installed"`
	Available string     `json:"available,omitempty"`
	State     string     `json:"state"`
	Checked   *time.Time `json:"checked,omitempty"`
	Next      *time.Time `json:"next_check,omitempty"`

	asked time.Time // by a user
}

// checkEvery is the declared period of looking for updates.
const checkEvery = 24 * time.Hour

func (c *Camera) pack(payload []byte) []byte { return c.packAs(Model, Release, payload) }

func (c *Camera) packAs(model, version string, payload []byte) []byte {
	b := make([]byte, headerSize, headerSize+len(payload))
	copy(b, headerMagic)
	binary.BigEndian.PutUint32(b[8:], uint32(len(payload)))
	binary.BigEndian.PutUint32(b[12:], crc32.ChecksumIEEE(payload))
	copy(b[16:48], model)
	copy(b[48:80], version)
	copy(b[signedHead:], ed25519.Sign(c.updateKey(), signedText(b[:signedHead], payload)))
	return append(b, payload...)
}

func signedText(head, payload []byte) []byte {
	return append(append(make([]byte, 0, len(head)+len(payload)), head...), payload...)
}

var (
	errUpdateFormat    = errors.New("this is no update for this camera")
	errUpdateSignature = errors.New("the signature of the update is not valid")
	errUpdateOld       = errors.New("the update is older than the installed version")
)

// checkUpdate returns the version of an update that may be installed.
func checkUpdate(b []byte, key ed25519.PublicKey, installed string, verify bool) (string, error) {
	if len(b) <= headerSize || string(b[:8]) != headerMagic {
		return "", fmt.Errorf("%w: no vendor header", errUpdateFormat)
	}
	payload := b[headerSize:]
	if int(binary.BigEndian.Uint32(b[8:])) != len(payload) || binary.BigEndian.Uint32(b[12:]) != crc32.ChecksumIEEE(payload) {
		return "", fmt.Errorf("%w: length or check sum don't fit", errUpdateFormat)
	}
	if verify && !ed25519.Verify(key, signedText(b[:signedHead], payload), b[signedHead:headerSize]) {
		return "", errUpdateSignature
	}
	if strings.TrimRight(string(b[16:48]), "\x00") != Model {
		return "", fmt.Errorf("%w: it is for another model", errUpdateFormat)
	}
	version := strings.TrimRight(string(b[48:80]), "\x00")
	older, err := olderVersion(version, installed)
	if err != nil {
		return "", err
	}
	if older {
		return "", errUpdateOld
	}
	return version, nil
}

// olderVersion compares versions of three numbers.
func olderVersion(a, b string) (bool, error) {
	x, err := parseVersion(a)
	if err != nil {
		return false, err
	}
	y, err := parseVersion(b)
	if err != nil {
		return false, err
	}
	for i := range x {
		if x[i] != y[i] {
			return x[i] < y[i], nil
		}
	}
	return false, nil
}

func parseVersion(s string) (v [3]uint64, err error) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return v, fmt.Errorf("%w: version %q", errUpdateFormat, s)
	}
	for i, p := range parts {
		if v[i], err = strconv.ParseUint(p, 10, 16); err != nil {
			return v, fmt.Errorf("%w: version %q", errUpdateFormat, s)
		}
	}
	return v, nil
}

// install takes an update and returns the state to show.
func (d *device) install(b []byte) (updateState, error) {
	pub := d.cam.updateKey().Public().(ed25519.PublicKey)
	d.mu.Lock()
	defer d.mu.Unlock()
	version, err := checkUpdate(b, pub, d.update.Installed, !d.cam.weak[NoSignatureCheck])
	if err != nil {
		return updateState{}, err
	}
	d.update.Available, d.update.State = version, "installed in the idle slot, starts at the next restart"
	return d.update, nil
}

// checkNow is the look for an update that a user asks for. There is no newer
// release, so the state stays.
func (d *device) checkNow() updateState {
	d.mu.Lock()
	d.update.asked = time.Now()
	d.mu.Unlock()
	return d.status()
}

// status returns what the web shows. The regular looks are reckoned from the
// start of the unit: nothing comes of them, so no timer has to run for them.
func (d *device) status() updateState {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.update
	checked := s.asked
	if !d.cam.weak[NoUpdateCheck] {
		now := time.Now()
		if d.started.IsZero() {
			d.started = now
		}
		last := now.Add(-(now.Sub(d.started) % checkEvery))
		if last.After(checked) {
			checked = last
		}
		next := last.Add(checkEvery).UTC().Truncate(time.Second)
		s.Next = &next
	}
	if !checked.IsZero() {
		checked = checked.UTC().Truncate(time.Second)
		s.Checked = &checked
	}
	return s
}
