/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A disk that loses with a power cut all that was not flushed: of a file the bytes, of a folder the
 * names. Real ones may keep some of that, in any order; code that gets by with this one does not
 * count on it.
 *
 * <p>It is a folder of the machine's, seen through a file system of its own: code under test is
 * given {@link #root} and needs to know nothing of it.
 */
public final class PowerCutDisk {
  /** A file or a folder, whatever it is called. */
  private static final class Node {
    private final boolean isFolder;
    private byte[] flushed = new byte[0];

    Node(boolean isFolder) {
      this.isFolder = isFolder;
    }
  }

  private final Path home;
  private final FileSystem fileSystem;
  private final Map<Path, Node> now = new TreeMap<>();
  private final Map<Path, Node> flushedNames = new TreeMap<>();

  /** @param home an empty folder */
  public PowerCutDisk(Path home) {
    this.home = home.toAbsolutePath();
    this.fileSystem =
        new Seen(home.getFileSystem(), new Provider(home.getFileSystem().provider()));
  }

  /** The disk's folder, which is there whatever happens. */
  public Path root() {
    return seen(home);
  }

  /** What was not flushed is gone; files that are open are not to be used any more. */
  public synchronized void cutPower() throws IOException {
    try (Stream<Path> all = Files.walk(home)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        if (!file.equals(home)) {
          Files.delete(file);
        }
      }
    }
    now.clear();
    for (Map.Entry<Path, Node> entry : flushedNames.entrySet()) { // Folders before what they hold.
      if (Files.isDirectory(entry.getKey().getParent())) {
        restore(entry.getKey(), entry.getValue());
      }
    }
    flushedNames.keySet().retainAll(now.keySet());
  }

  private void restore(Path file, Node node) throws IOException {
    if (node.isFolder) {
      Files.createDirectory(file);
    } else {
      Files.write(file, node.flushed);
    }
    Files.setPosixFilePermissions(
        file, PosixFilePermissions.fromString(node.isFolder ? "rwx------" : "rw-------"));
    now.put(file, node);
  }

  private synchronized void flush(Path file) throws IOException {
    Node node = now.get(file);
    if (node != null && !node.isFolder) {
      node.flushed = Files.readAllBytes(file);
      return;
    }
    flushedNames.keySet().removeIf(name -> file.equals(name.getParent()));
    now.forEach((name, named) -> {
      if (file.equals(name.getParent())) {
        flushedNames.put(name, named);
      }
    });
  }

  private Path seen(Path real) {
    return (Path) Proxy.newProxyInstance(
        PowerCutDisk.class.getClassLoader(), new Class<?>[] {Path.class}, new Name(real));
  }

  private static Path real(Path seen) {
    return Proxy.isProxyClass(seen.getClass())
        ? ((Name) Proxy.getInvocationHandler(seen)).real
        : seen;
  }

  /** A path, of which all but its file system is that of the real one. */
  private final class Name implements InvocationHandler {
    private final Path real;

    Name(Path real) {
      this.real = real;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      if (method.getName().equals("getFileSystem")) {
        return fileSystem;
      }
      Object[] given = arguments == null
          ? new Object[0]
          : Arrays.stream(arguments)
              .map(argument -> argument instanceof Path path ? real(path) : argument)
              .toArray();
      try {
        Object result = method.invoke(real, given);
        return result instanceof Path path ? seen(path) : result;
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }
  }

  private final class Provider extends FileSystemProvider {
    private final FileSystemProvider machine;

    Provider(FileSystemProvider machine) {
      this.machine = machine;
    }

    @Override
    public FileChannel newFileChannel(
        Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
        throws IOException {
      Path file = real(path);
      boolean isThere = Files.exists(file);
      FileChannel channel = machine.newFileChannel(file, options, attributes);
      synchronized (PowerCutDisk.this) {
        if (!isThere) {
          now.put(file, new Node(false));
        }
      }
      return new OpenFile(channel, file);
    }

    @Override
    public SeekableByteChannel newByteChannel(
        Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
        throws IOException {
      return newFileChannel(path, options, attributes);
    }

    @Override
    public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
      machine.createDirectory(real(folder), attributes);
      synchronized (PowerCutDisk.this) {
        now.put(real(folder), new Node(true));
      }
    }

    @Override
    public void delete(Path path) throws IOException {
      machine.delete(real(path));
      synchronized (PowerCutDisk.this) {
        now.remove(real(path));
      }
    }

    @Override
    public void move(Path from, Path to, CopyOption... options) throws IOException {
      machine.move(real(from), real(to), options);
      synchronized (PowerCutDisk.this) {
        Node moved = now.remove(real(from));
        if (moved != null) {
          now.put(real(to), moved);
        }
      }
    }

    @Override
    public void copy(Path from, Path to, CopyOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(
        Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
      DirectoryStream<Path> files =
          machine.newDirectoryStream(real(folder), file -> filter.accept(seen(file)));
      return new DirectoryStream<>() {
        @Override
        public Iterator<Path> iterator() {
          Iterator<Path> each = files.iterator();
          return new Iterator<>() {
            @Override
            public boolean hasNext() {
              return each.hasNext();
            }

            @Override
            public Path next() {
              return seen(each.next());
            }
          };
        }

        @Override
        public void close() throws IOException {
          files.close();
        }
      };
    }

    @Override
    public boolean isSameFile(Path one, Path other) throws IOException {
      return machine.isSameFile(real(one), real(other));
    }

    @Override
    public boolean isHidden(Path path) throws IOException {
      return machine.isHidden(real(path));
    }

    @Override
    public FileStore getFileStore(Path path) throws IOException {
      return machine.getFileStore(real(path));
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
      machine.checkAccess(real(path), modes);
    }

    @Override
    public <V extends FileAttributeView> V getFileAttributeView(
        Path path, Class<V> type, LinkOption... options) {
      return machine.getFileAttributeView(real(path), type, options);
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(
        Path path, Class<A> type, LinkOption... options) throws IOException {
      return machine.readAttributes(real(path), type, options);
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
        throws IOException {
      return machine.readAttributes(real(path), names, options);
    }

    @Override
    public void setAttribute(Path path, String name, Object value, LinkOption... options)
        throws IOException {
      machine.setAttribute(real(path), name, value, options);
    }

    @Override
    public String getScheme() {
      return "power-cut";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> settings) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
      return fileSystem;
    }

    @Override
    public Path getPath(URI uri) {
      throw new UnsupportedOperationException();
    }
  }

  private final class Seen extends FileSystem {
    private final FileSystem machine;
    private final Provider provider;

    Seen(FileSystem machine, Provider provider) {
      this.machine = machine;
      this.provider = provider;
    }

    @Override
    public FileSystemProvider provider() {
      return provider;
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
      return machine.supportedFileAttributeViews();
    }

    @Override
    public Path getPath(String first, String... more) {
      return seen(machine.getPath(first, more));
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
      PathMatcher matcher = machine.getPathMatcher(syntaxAndPattern);
      return path -> matcher.matches(real(path));
    }

    @Override
    public String getSeparator() {
      return machine.getSeparator();
    }

    @Override
    public Iterable<Path> getRootDirectories() {
      return machine.getRootDirectories();
    }

    @Override
    public Iterable<FileStore> getFileStores() {
      return machine.getFileStores();
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
      return machine.getUserPrincipalLookupService();
    }

    @Override
    public WatchService newWatchService() {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public boolean isReadOnly() {
      return false;
    }

    @Override
    public void close() {
      throw new UnsupportedOperationException();
    }
  }

  /** An open file or folder, of which the disk learns when it is flushed. */
  private final class OpenFile extends FileChannel {
    private final FileChannel channel;
    private final Path file;

    OpenFile(FileChannel channel, Path file) {
      this.channel = channel;
      this.file = file;
    }

    @Override
    public void force(boolean metaData) throws IOException {
      channel.force(metaData);
      flush(file);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      return channel.read(target);
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
      return channel.read(targets, offset, length);
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      return channel.read(target, position);
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      return channel.write(source);
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
      return channel.write(sources, offset, length);
    }

    @Override
    public int write(ByteBuffer source, long position) throws IOException {
      return channel.write(source, position);
    }

    @Override
    public long position() throws IOException {
      return channel.position();
    }

    @Override
    public FileChannel position(long position) throws IOException {
      channel.position(position);
      return this;
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
      channel.truncate(size);
      return this;
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target)
        throws IOException {
      return channel.transferTo(position, count, target);
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count)
        throws IOException {
      return channel.transferFrom(source, position, count);
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
      return channel.lock(position, size, shared);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return channel.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      channel.close();
    }
  }
}
