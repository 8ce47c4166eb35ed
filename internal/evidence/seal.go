package evidence

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	keyPath      = "sealed/key"
	keySize      = 32
	sealedSchema = "assay/sealed@1"
)

// sealedFile is the file of one sealed value: AES-256-GCM with the nonce in
// front of Data, and handle, kind and keyed as associated data.
type sealedFile struct {
	Schema string `json:"schema"`
	Kind   string `json:"kind"`
	Keyed  bool   `json:"keyed"` // Options.Key is needed
	Data   []byte `json:"data"`
}

// Seal keeps a secret value under .assay/sealed and returns what facts may say
// about it. Kind is a name such as "password" or "private-key". The same value
// of the same kind gives the same Secret. Errors: ErrTooLarge beyond
// Limits.Sealed, a kind that is no name, a missing key, those of the disk.
func (s *Store) Seal(value []byte, kind string) (Secret, error) {
	switch {
	case s.opt.ReadOnly:
		return Secret{}, fmt.Errorf("evidence: %w", ErrReadOnly)
	case !validType(kind):
		return Secret{}, fmt.Errorf("evidence: kind %q of a secret is not a name", kind)
	case int64(len(value)) > s.opt.Limits.Sealed:
		return Secret{}, fmt.Errorf("evidence: secret of %d bytes: %w of %d", len(value), ErrTooLarge, s.opt.Limits.Sealed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, err := s.workspaceKey(true)
	if err != nil {
		return Secret{}, err
	}
	handle := hex.EncodeToString(mac(key, "handle", kind+"\x00"+string(value))[:16])
	sec := Secret{
		Kind: kind, Redacted: Redact(value), Handle: handle,
		HMAC: hex.EncodeToString(mac(key, "value", string(value))),
	}
	_, known := s.sealed[handle]
	if _, gone := s.gone[handle]; known && !gone {
		return sec, nil
	}
	file, err := s.encrypt(key, sec, value)
	if err != nil {
		return Secret{}, err
	}
	if err := s.writeSealed("sealed/"+handle, file); err != nil {
		return Secret{}, err
	}
	r := sealedRecord{Handle: handle, Kind: kind, Digest: Sum(file), Size: int64(len(file)), Stored: s.opt.Now().UTC()}
	if err := s.append(entrySealed, r); err != nil {
		return Secret{}, err
	}
	s.addSealed(r)
	return sec, nil
}

// Unseal returns a sealed value. Errors: ErrNotFound, ErrPurged with date and
// reason, a value that needs Options.Key or was changed.
func (s *Store) Unseal(handle string) (Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unseal(handle)
}

func (s *Store) unseal(handle string) (Value, error) {
	if t, ok := s.gone[handle]; ok {
		return Value{}, t.err("secret " + handle)
	}
	r, ok := s.sealed[handle]
	if !ok {
		return Value{}, fmt.Errorf("evidence: secret %q: %w", handle, ErrNotFound)
	}
	key, err := s.workspaceKey(false)
	if err != nil {
		return Value{}, err
	}
	b, err := s.readSealed(r)
	if err != nil {
		return Value{}, err
	}
	var f sealedFile
	if err := json.Unmarshal(b, &f); err != nil || f.Schema != sealedSchema {
		return Value{}, fmt.Errorf("evidence: secret %s: its file is not %s: %w", handle, sealedSchema, errors.Join(err, ErrSyntax))
	}
	if f.Keyed && s.opt.Key == nil {
		return Value{}, fmt.Errorf("evidence: secret %s was sealed with a key of yours: give the same key", handle)
	}
	aead, err := s.aead(key, f.Keyed)
	if err != nil {
		return Value{}, err
	}
	plain, err := aead.Open(nil, nil, f.Data, associated(handle, f.Kind, f.Keyed))
	if err != nil {
		return Value{}, fmt.Errorf("evidence: secret %s: wrong key, or its file was changed: %w", handle, err)
	}
	return NewValue(plain), nil
}

func (s *Store) readSealed(r sealedRecord) ([]byte, error) {
	f, _, err := openRegular(s.base, "sealed/"+r.Handle)
	if err != nil {
		return nil, s.explain("open secret "+r.Handle, err)
	}
	b, err := io.ReadAll(io.LimitReader(f, r.Size+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, s.explain("read secret "+r.Handle, err)
	}
	if Sum(b) != r.Digest {
		return nil, fmt.Errorf("evidence: secret %s: its file was changed", r.Handle)
	}
	return b, nil
}

func (s *Store) encrypt(key []byte, sec Secret, value []byte) ([]byte, error) {
	keyed := s.opt.Key != nil
	aead, err := s.aead(key, keyed)
	if err != nil {
		return nil, err
	}
	f := sealedFile{
		Schema: sealedSchema, Kind: sec.Kind, Keyed: keyed,
		Data: aead.Seal(nil, nil, value, associated(sec.Handle, sec.Kind, keyed)),
	}
	b, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("evidence: seal: %w", err)
	}
	return b, nil
}

func associated(handle, kind string, keyed bool) []byte {
	return fmt.Appendf(nil, "%s\x00%s\x00%s\x00%v", sealedSchema, handle, kind, keyed)
}

func (s *Store) aead(key []byte, keyed bool) (cipher.AEAD, error) {
	var salt []byte
	if keyed {
		salt = s.opt.Key
	}
	k, err := hkdf.Key(sha256.New, key, salt, "assay sealed value", keySize)
	if err != nil {
		return nil, fmt.Errorf("evidence: derive a key: %w", err)
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, fmt.Errorf("evidence: cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("evidence: cipher: %w", err)
	}
	return aead, nil
}

// mac separates its uses by a label, so that a handle says nothing about an HMAC.
func mac(key []byte, label, msg string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(label + "\x00" + msg))
	return h.Sum(nil)
}

// workspaceKey reads the key, and makes one on first use. It never makes a
// second one: values and HMACs under the first would be lost silently.
func (s *Store) workspaceKey(create bool) ([]byte, error) {
	if s.key != nil {
		return s.key, nil
	}
	b, err := s.readKey()
	switch {
	case errors.Is(err, fs.ErrNotExist) && create && len(s.sealed) == 0:
		b = make([]byte, keySize)
		if _, err := rand.Read(b); err != nil {
			return nil, fmt.Errorf("evidence: random key: %w", err)
		}
		if err := s.writeSealed(keyPath, b); err != nil {
			return nil, err
		}
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("evidence: the workspace key %s/%s is missing: bring it back from a backup: %w", baseDir, keyPath, err)
	case err != nil:
		return nil, s.explain("read the workspace key", err)
	case len(b) != keySize:
		return nil, fmt.Errorf("evidence: the workspace key %s/%s is damaged: not %d bytes", baseDir, keyPath, keySize)
	}
	s.key = b
	return b, nil
}

func (s *Store) readKey() ([]byte, error) {
	f, _, err := openRegular(s.base, keyPath)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, keySize+1))
	return b, errors.Join(err, f.Close())
}

// writeSealed writes a whole file by way of tmp, synced.
func (s *Store) writeSealed(name string, b []byte) error {
	tmp := tmpDir + "/" + rand.Text()
	f, err := s.base.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return s.explain("seal", err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = s.base.Rename(tmp, name)
	}
	if err == nil {
		err = syncDir(s.base, "sealed")
	}
	if err != nil {
		if rerr := s.base.Remove(tmp); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
		return s.explain("seal", err)
	}
	return nil
}

func validHandle(h string) bool {
	b, err := hex.DecodeString(h)
	return err == nil && len(b) == 16 && hex.EncodeToString(b) == h
}
