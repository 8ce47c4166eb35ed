package refcam_test
import ("testing";"bytes";"time";"io"
"assay/internal/refcam";"assay/internal/collect/firmware/format/squashfs"
"assay/internal/collect/firmware/inspect"
"assay/internal/collect/firmware/inspect/secret"
"assay/internal/collect/firmware/inspect/host"
"assay/internal/collect/firmware/inspect/startup"
"assay/internal/collect/firmware/inspect/cert"
"assay/internal/product";"assay/internal/limit"
)
func TestZZ(t *testing.T){
 sets:=[][]string{nil}
 for _,w:=range refcam.Weaknesses(){ if w.Where=="firmware"||w.Name==refcam.TelnetdAtBoot||w.Name==refcam.NoUpdateMechanism {sets=append(sets,[]string{w.Name})}}
 for _,s:=range sets{
 c,err:=refcam.New(refcam.Options{Weak: s}); if err!=nil{t.Fatal(s,err)}
 b,_:=c.Image()
 i:=bytes.Index(b,[]byte("hsqs"))
 fs,err:=squashfs.Open(bytes.NewReader(b[i:]),int64(len(b)-i),squashfs.Limits{})
 if err!=nil{t.Fatal(err)}
 n:=0
 err=fs.Walk(t.Context(), func(e squashfs.Entry,r io.Reader)error{
   n++
   if e.Type!=squashfs.File {return nil}
   d,err:=io.ReadAll(r); if err!=nil{t.Error(e.Path,err)}
   f:=inspect.New(e.Path,e.Mode,d)
   for _,h:=range secret.Scan(f){t.Logf("%v SECRET %v",s,h)}
   for _,h:=range host.Scan(f){t.Logf("%v HOST %v",s,h)}
   for _,h:=range startup.Scan(f){t.Logf("%v START %v",s,h)}
   cs,_:=cert.Scan(f,time.Now()); for _,h:=range cs{t.Logf("%v CERT %v %v",s,h.Subject,h.Problems)}
   return nil})
 pr,dr:=fs.Problems(); t.Log(s,n,pr,dr,err)
 d:=t.TempDir(); c.Workspace(d,func(int)refcam.Address{return refcam.Address{Host:"127.0.0.1"}})
 _,ps,err:=product.LoadDir(d, limit.Default().YAML)
 t.Log(ps,err)
 }
}
